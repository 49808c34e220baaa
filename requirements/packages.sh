#!/usr/bin/env bash
# Debian packages that the CSI driver's own tests use. Installed only where the machine is declared disposable (CI=true);
# elsewhere those tests say in the report what they lack.
set -euo pipefail

missing=()
command -v mkfs.xfs >/dev/null || missing+=(xfsprogs)
command -v mkfs.ext4 >/dev/null || missing+=(e2fsprogs)
((${#missing[@]})) || exit 0
if [[ ${CI:-} == true && $EUID == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]} (CI=true: this machine is disposable)"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "note: without ${missing[*]} the CSI driver's file-system tests are skipped"
fi
