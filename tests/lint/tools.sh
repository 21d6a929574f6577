#!/usr/bin/env bash
# Installs the linters, each at the version of requirements.txt, and Python's venv where Debian left it out.
# Takes: a Python >= 3.11, or Debian and root. Gives: on stdout, the directory of their environment, made once. It has
# a kubectl, too, and what deploy/custom-resources/ names.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockwright-lint
mkdir -p "$cache"
exec 8>"$cache/tools.lock"
flock 8

if ! python3 -c 'import ensurepip, tomllib' 2>/dev/null; then
    echo "lint: installing python3-venv" >&2
    { apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv; } \
        >"$cache/apt.log" 2>&1 || { tail -n 3 "$cache/apt.log" >&2 && exit 1; }
fi

tools=$cache/tools-$(cat tests/lint/{requirements.txt,deploy/custom-resources/*} <(python3 --version) | sha256sum | cut -c 1-16)
if [[ ! -e $tools/complete ]]; then
    echo "lint: installing the linters" >&2
    rm -rf "$tools"
    python3 -m venv "$tools"
    # uv first, by pip, then the rest by uv.
    sed -n '/^uv==/,/[^\\]$/p' tests/lint/requirements.txt >"$tools/uv.txt"
    "$tools/bin/pip" install --quiet --require-hashes --requirement "$tools/uv.txt" >&2
    "$tools/bin/uv" pip sync --quiet --python "$tools/bin/python" --require-hashes --compile-bytecode \
        tests/lint/requirements.txt >&2
    cp -r tests/lint/deploy/custom-resources "$tools"
    PATH="$tools/bin:$PATH" npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$tools/custom-resources" >&2
    touch "$tools/complete"
fi

ln -sf "$(tests/tools/kubectl.sh)/kubectl" "$tools/bin/kubectl"
printf '%s\n' "$tools"
