#!/bin/sh
# Compile the requirement files from what pyproject.toml and the .in files allow.
# The results are hash-pinned and name no host: they install from whatever index is configured.
set -eu
cd "$(dirname "$0")/.."
uv=.setup/uv/bin/uv
compile() {
    "$uv" pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-header --no-annotate --no-emit-index-url "$@"
}
compile pyproject.toml -o requirements/run.txt
for part in uv build test bench; do
    compile requirements/$part.in -c requirements/run.txt --override requirements/overrides.in \
        -o requirements/$part.txt
done
# In an environment of its own, so that it holds nothing else back.
compile requirements/nautilus.in -o requirements/nautilus.txt
