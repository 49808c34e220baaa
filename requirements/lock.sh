#!/usr/bin/env bash
# Write the lock files from the .in files and package.json: every package with its version and sums, no address of any index.
# The images' locks are subsets of the harness's, so that tests run what the images hold. Arguments go to uv (--upgrade).
set -euo pipefail
cd "$(dirname "$0")/.."

lock() { # <Python> <in> <out> [more options]
  local python=$1 source=$2 target=$3
  shift 3
  uv pip compile --quiet --universal --python-version "$python" --generate-hashes --allow-unsafe \
    --no-emit-index-url --no-header --no-annotate "$source" --output-file "$target" "$@"
}

for environment in harness checkov; do
  lock 3.12 "requirements/$environment.in" "requirements/$environment.txt" "$@"
done
for package in local/helios local/programs/allure; do
  npm install --prefix "$package" --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --silent
done
for image in beacon csi; do
  lock 3.13 "local/$image/requirements.in" "local/$image/requirements.txt" --constraint requirements/harness.txt "$@"
done
