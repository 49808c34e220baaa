#!/bin/bash
# Runs inside the new node, without an init system: gives containerd the images of the OCI archive on standard input. With images
# as arguments (name:tag@digest) it fetches those instead, from where the archive's hosts.toml files say
# (https://github.com/containerd/containerd/blob/main/docs/hosts.md).
set -euo pipefail

# Every container's specification starts from this file (kind mounts the product name files by its hook).
ctr oci spec |
  jq '.hooks.createContainer[.hooks.createContainer | length] |= . + {"path": "/kind/bin/mount-product-files.sh"}' |
  jq 'del(.process.rlimits)' >/etc/containerd/cri-base.json

containerd --log-level warn >/tmp/containerd.log 2>&1 &
containerd=$!
trap 'tail -n 20 /tmp/containerd.log >&2' ERR
for _ in $(seq 200); do
  ctr --namespace k8s.io leases ls >/dev/null 2>&1 && break
  sleep 0.1
done

# Not unpacked: kind copies /var into a volume when it creates a cluster, and compressed layers are a third of that.
if [ $# -eq 0 ]; then
  ctr --namespace k8s.io images import --no-unpack --digests - >/dev/null
else
  mkdir /tmp/hosts
  tar --extract --directory /tmp/hosts
fi
for image in "$@"; do
  ctr --namespace k8s.io content fetch --hosts-dir /tmp/hosts "$image" >/dev/null
  ctr --namespace k8s.io images tag "$image" "${image%@*}" >/dev/null
  ctr --namespace k8s.io images rm "$image" >/dev/null
done
# Pinned: the kubelet must never collect an image that nothing can pull again.
for image in $(ctr --namespace k8s.io images ls -q); do
  ctr --namespace k8s.io images label "$image" io.cri-containerd.pinned=pinned >/dev/null
done

kill "$containerd"
wait "$containerd" || true
rm -rf /var/lib/containerd/io.containerd.snapshotter* /var/lib/containerd/tmpmounts
