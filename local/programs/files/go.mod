module plumbline.local/build/files

go 1.26.0

require github.com/container-storage-interface/spec v1.13.0
