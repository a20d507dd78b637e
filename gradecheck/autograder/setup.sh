#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image of this autograder.
set -euo pipefail
base="${GRADECHECK_AUTOGRADER:-/autograder}"
source="$base/source"
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends bubblewrap ca-certificates

fits() { "$1" -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; }
find_python() { for each in python3.12 python3.11 python3; do if fits "$each"; then echo "$each"; return; fi; done; }

python="$(find_python)"
if [ -z "$python" ]; then
  apt-get install -y --no-install-recommends python3.12 python3.12-venv ||
    apt-get install -y --no-install-recommends python3.11 python3.11-venv ||
    apt-get install -y --no-install-recommends python3 python3-venv
  python="$(find_python)"
fi
[ -n "$python" ] || { echo "There is no Python 3.11 or 3.12: choose another base image, such as Ubuntu 24.04" >&2; exit 1; }
"$python" -m venv "$base/venv"
"$base/venv/bin/python" -m pip install --no-cache-dir -c "$source/constraints.txt" "$source"/gradecheck-*.whl
# Students' code has no business here, sandbox or not.
chmod -R go-rwx "$source"
