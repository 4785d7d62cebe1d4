#!/bin/bash
# The genuine image installs packages here when it starts. This one is for tests on a node without a way out.
set -e
for name in EXTRA_APT_PACKAGES EXTRA_CONDA_PACKAGES EXTRA_PIP_PACKAGES; do
  if [ -n "${!name}" ]; then
    echo "$name is set, and this test image installs nothing" >&2
    exit 1
  fi
done
exec "$@"
