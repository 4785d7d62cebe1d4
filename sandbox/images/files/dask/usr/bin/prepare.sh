#!/bin/bash
# The genuine image installs packages here when it starts. This one is for a node without a way out: what is asked
# for must be in the image already.
set -e
for name in EXTRA_APT_PACKAGES EXTRA_CONDA_PACKAGES; do
  if [ -n "${!name}" ]; then
    echo "$name is set, and this test image installs nothing" >&2
    exit 1
  fi
done
if [ -n "$EXTRA_PIP_PACKAGES" ]; then
  python3 /usr/lib/prepare.py $EXTRA_PIP_PACKAGES
fi
exec "$@"
