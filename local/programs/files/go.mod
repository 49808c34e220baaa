module plumbline.local/build/files

go 1.26.0

require github.com/container-storage-interface/spec v1.13.0

require github.com/cert-manager/cert-manager v1.19.1

require github.com/prometheus-operator/prometheus-operator v0.93.0

require github.com/kubernetes-csi/external-snapshotter/client/v8 v8.6.0
