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

# The file to write, then further options.
compile() {
    local output=$1
    shift
    CUSTOM_COMPILE_COMMAND="make lock" "$tools/bin/pip-compile" --quiet \
        --generate-hashes --strip-extras --allow-unsafe --no-annotate \
        --output-file "$output" "$@" pyproject.toml requirements/build.in
    sed -i '/^--/d' "$output" # where this machine finds packages does not belong into it
}

compile requirements/dev.txt "$@" \
    --extra demo --extra pandas --extra polars --extra postgres --extra river --extra ml --extra jax --extra docs \
    --extra dev
# The smaller sets are cut from the same versions, so that one environment can hold them all.
compile requirements/base.txt --constraint requirements/dev.txt
compile requirements/demo.txt --constraint requirements/dev.txt --extra demo --extra docs
