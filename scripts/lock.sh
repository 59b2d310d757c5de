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

compile() {
    CUSTOM_COMPILE_COMMAND="make lock" "$tools/bin/pip-compile" --quiet \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
        --strip-extras --allow-unsafe --no-annotate "$@"
}

compile "$@" --extra demo --extra pandas --extra polars --extra postgres --extra docs --extra dev \
    --output-file requirements/dev.txt pyproject.toml requirements/build.in
# The smaller sets are cut from the same versions, so that one environment can hold them all.
compile --constraint requirements/dev.txt --output-file requirements/base.txt \
    pyproject.toml requirements/build.in
compile --constraint requirements/dev.txt --extra demo --extra docs \
    --output-file requirements/demo.txt pyproject.toml requirements/build.in
