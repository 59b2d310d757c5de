#!/usr/bin/env bash
# Write requirements/peers-*.txt anew: the libraries that `make bench-drift` compares with, each for an environment of
# its own. `scripts/lock_peers.sh NAME ...` writes those named; versions that are pinned already stay.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.cache/lock
if [ ! -x "$tools/bin/pip-compile" ]; then
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "pip-tools>=7.5"
fi

declare -A wanted=(
    [evidently]="evidently==0.7.23 pandas<3 pyarrow"
    # Both stay below NumPy 2, and newer pyarrow wants that.
    [nannyml]="nannyml==0.13.1 pandas<3 numpy<2 statsmodels pyarrow==21.0.0 setuptools<81"
    [alibi]="alibi-detect==0.13.0 pandas<3 pyarrow==21.0.0 setuptools<81"
    [frouros]="frouros==0.9.0 pandas<3 pyarrow"
    [river]="river==0.26.1 pandas<3 pyarrow"
)

[ $# -gt 0 ] || set -- "${!wanted[@]}"
for name in "$@"; do
    output=requirements/peers-$name.txt
    tr ' ' '\n' <<<"${wanted[$name]}" |
        "$tools/bin/pip-compile" --quiet --generate-hashes --strip-extras --allow-unsafe --no-annotate --no-header \
            --output-file "$output" -
    sed -i -e '/^--/d' -e '1{/^$/d}' "$output" # where this machine finds packages does not belong into it
    echo "$output"
done
