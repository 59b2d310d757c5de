#!/usr/bin/env bash
# Write requirements/*.txt anew from pyproject.toml: every version pinned, every file with its hashes.
# Versions that are pinned already stay; `scripts/lock.sh --upgrade` looks for newer ones.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.cache/lock
if [ ! -x "$tools/bin/pip-compile" ]; then
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "pip-tools>=7.5"
fi

# The file to write, then further options. Extras stay in it: to a pip below 25, which virtual environments of Python
# 3.11 start with, `coverage==7` pins nothing where `coverage[toml]` is required, and it stops as soon as there is
# a newer version.
compile() {
    local output=$1
    shift
    CUSTOM_COMPILE_COMMAND="make lock" "$tools/bin/pip-compile" --quiet \
        --generate-hashes --no-strip-extras --allow-unsafe --no-annotate \
        --output-file "$output" "$@" pyproject.toml requirements/build.in
    sed -i '/^--/d' "$output" # where this machine finds packages does not belong into it
}

compile requirements/dev.txt "$@" \
    --extra demo --extra pandas --extra polars --extra postgres --extra river --extra ml --extra jax --extra docs \
    --extra dev
# The smaller sets are cut from the same versions, so that one environment can hold them all. Constraints have no extras.
sed -E 's/^([A-Za-z0-9._-]+)\[[^]]*\]==/\1==/' requirements/dev.txt > .cache/constraints.txt
compile requirements/base.txt --constraint .cache/constraints.txt
compile requirements/demo.txt --constraint .cache/constraints.txt --extra demo --extra docs
