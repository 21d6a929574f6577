#!/usr/bin/env bash
# Lints what dockwright writes: five presets, a covering set of combinations, a lone
# image. README.md says what is checked and how.
#
#   tests/lint/run.sh [--keep] [LINTER...]
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockwright-lint
mkdir -p "$cache"
# Held until the end: runs share the environments in the cache.
exec 9>"$cache/lock"
flock 9

if ! python3 -c 'import ensurepip, tomllib' 2>/dev/null; then
    echo "lint: installing python3-venv" >&2
    { apt-get update && apt-get install -y --no-install-recommends python3 python3-venv; } >"$cache/apt.log" 2>&1 ||
        { tail -n 3 "$cache/apt.log" >&2 && exit 1; }
fi

# In the background, because it takes a minute where there is no engine yet.
tests/live/engine/up.sh >"$cache/engine.env" 9>&- &
engine=$!

tools=$cache/tools-$(cat tests/lint/requirements.txt <(python3 --version) | sha256sum | cut -c 1-16)
if [[ ! -e $tools/complete ]]; then
    echo "lint: installing the linters" >&2
    rm -rf "$tools"
    python3 -m venv "$tools"
    # uv first, by pip, then the rest by uv.
    sed -n '/^uv==/,/[^\\]$/p' tests/lint/requirements.txt >"$tools/uv.txt"
    "$tools/bin/pip" install --quiet --require-hashes --requirement "$tools/uv.txt"
    "$tools/bin/uv" pip sync --quiet --python "$tools/bin/python" --require-hashes --compile-bytecode \
        tests/lint/requirements.txt
    touch "$tools/complete"
fi

cargo build --quiet --locked
wait "$engine"
# shellcheck source=/dev/null
source "$cache/engine.env"

dockwright=${CARGO_TARGET_DIR:-$PWD/target}/debug/dockwright
tests/lint/hooks.sh "$tools/bin/pre-commit" "$dockwright"
exec "$tools/bin/python" -B tests/lint/lint.py --cache "$cache" --dockwright "$dockwright" "$@"
