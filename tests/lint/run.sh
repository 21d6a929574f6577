#!/usr/bin/env bash
# Lints what dockwright writes: five presets, a covering set of combinations, a lone
# image, and the files for clusters and ECS. README.md says what is checked and how.
#
#   tests/lint/run.sh [--keep] [LINTER...]
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockwright-lint
mkdir -p "$cache"
# Held until the end: runs share the environments in the cache.
exec 9>"$cache/lock"
flock 9

# In the background, because it takes a minute where there is no engine yet.
tests/live/engine/up.sh >"$cache/engine.env" 9>&- &
engine=$!

tools=$(tests/lint/tools.sh)
cargo build --quiet --locked
wait "$engine"
# shellcheck source=/dev/null
source "$cache/engine.env"

tests/lint/workflows.sh "$tools/bin"
dockwright=${CARGO_TARGET_DIR:-$PWD/target}/debug/dockwright
tests/lint/pipelines.sh "$tools/bin" "$dockwright"
tests/lint/hooks.sh "$tools/bin/pre-commit" "$dockwright"
tests/lint/schemas.sh "$tools/bin/check-jsonschema" "$tools/bin/taplo" "$dockwright"
tests/lint/sarif.sh "$tools/bin/check-jsonschema" "$dockwright"
tests/lint/deploy/run.sh "$tools/bin" "$dockwright"
exec "$tools/bin/python" -B tests/lint/lint.py --cache "$cache" --dockwright "$dockwright" "$@"
