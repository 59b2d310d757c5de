#!/usr/bin/env bash
# Print the first Python on the PATH that is 3.11 or newer and can make virtual environments.
set -euo pipefail

for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
    if path=$(command -v "$name") &&
        "$path" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$path"
        exit 0
    fi
done
echo "Assay needs Python 3.11 or newer with its venv module (on Debian: apt-get install python3-venv)." >&2
echo "If it is somewhere else, name it: make PYTHON=/path/to/python3 ..." >&2
exit 1
