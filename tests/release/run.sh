#!/usr/bin/env bash
# What a release is made of, made here: the wheel, installed as people install it; the source; archives, sums,
# SBOM, formula and image. The installer is tried by the integration tests.
#
#   tests/release/run.sh
#
# Not here: wheels for musl, arm64, macOS and Windows, which want those targets' standard libraries and, but for
# musl, their machines. The image has a binary that is static with glibc, in place of musl's.
set -euo pipefail
cd "$(dirname "$0")/../.."

# In the background, because it takes a minute where there is no engine yet.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/live/engine/up.sh >"$work/engine.env" 2>"$work/engine.log" &
engine=$!

# The formula is run, by itself.
if ! command -v ruby >/dev/null; then
    echo "release: installing ruby" >&2
    { apt-get update && apt-get install -y --no-install-recommends ruby; } >"$work/apt.log" 2>&1 ||
        { tail -n 3 "$work/apt.log" >&2 && exit 3; }
fi
tools=$(ci/release/tools.sh)
tests/release/wheel.sh "$tools" "$work/dist"
tests/release/hook.sh "$(tests/lint/tools.sh)/bin/pre-commit" "$work/dist"

# From the source alone: its manifest, and all that the build reads.
"$tools/maturin" sdist --out "$work/dist" 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
tar -xzf "$work"/dist/dockwright-*.tar.gz -C "$work"
cargo metadata --quiet --locked --no-deps --format-version 1 \
    --manifest-path "$(echo "$work"/dockwright-*/Cargo.toml)" >/dev/null
for path in src templates presets build.rs LICENSE-MIT LICENSE-APACHE README.md; do
    diff --recursive "$path" "$(echo "$work"/dockwright-*)/$path" ||
        { echo "source: $path is another in it" >&2 && exit 1; }
done
[[ ! -e $(echo "$work"/dockwright-*)/dockwright.data ]] || { echo "source: dockwright.data is in it" >&2 && exit 1; }
echo "source: whole"

# The one thing that is linked anew; cargo's own build comes back afterwards, as cheaply.
cargo rustc --quiet --locked --bin dockwright -- -C target-feature=+crt-static
cp "${CARGO_TARGET_DIR:-$PWD/target}/debug/dockwright" "$work/static"
cargo build --quiet --locked
python3 tests/release/artefacts.py "$work"/dist/*.whl "$work/static" "$work/image"

wait "$engine" || { cat "$work/engine.log" >&2 && exit 3; }
# shellcheck source=/dev/null
source "$work/engine.env"
tests/release/image.sh "$work/image"
