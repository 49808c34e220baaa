"""loop.csi.plumbline.dev: a CSI driver whose volumes are real file systems of real size on one node.

A volume is a sparse image in an XFS pool, formatted and loop-mounted. A snapshot freezes the volume's file system,
clones the image by reflink and thaws: a true point in time, in milliseconds. Source of the rules:
https://github.com/container-storage-interface/spec/blob/v1.13.0/spec.md
"""

VERSION = "0.1.0"
