#!/usr/bin/env bash
# Builds the wheels of this checkout, one per target.
#
#   ci/release/wheel.sh [--out DIR] [--profile NAME] [--zig] [TARGET…]
#
# Takes: cargo with the targets' standard libraries, and maturin on PATH (ci/release/tools.sh prints where it
# has it); --zig links by the ziglang of the same place, so that a Linux wheel runs wherever glibc 2.17 or musl
# is. Without a target, it is this machine's. The first target has to run here: its binary writes the manual
# pages and completions that all of them hold.
# Gives: wheels in DIR (target/wheels), each with the binary, both licences, an SBOM of its crates, the manual
# pages, and completions for bash, zsh and fish. On stdout, their paths.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=target/wheels profile=release options=()
while [[ ${1:-} == --* ]]; do
    case $1 in
        --out) out=$2 && shift ;;
        --profile) profile=$2 && shift ;;
        --zig) options+=(--zig) ;;
        *) sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done
targets=("$@")
((${#targets[@]})) || targets=("")

# maturin takes the folder of this name into the wheel; git ignores it, and so does the sdist.
data=dockwright.data
staged=$(mktemp -d)
trap 'rm -rf "$staged" "$data"' EXIT
rm -rf "$data"

# build DIR TARGET: the wheel, into DIR.
build() {
    maturin build --locked --profile "$profile" ${options[@]+"${options[@]}"} --out "$1" ${2:+--target "$2"} >&2
}

# pages WHEEL: what its binary says of itself, as the wheel lays it out below the environment's directory.
pages() {
    local share=$data/data/share binary
    python -m zipfile -e "$1" "$staged/wheel"
    binary=$(find "$staged/wheel" -path '*.data/scripts/dockwright*' -type f)
    chmod +x "$binary"
    mkdir -p "$share"/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
    "$binary" man --all "$share/man/man1"
    "$binary" completions bash >"$share/bash-completion/completions/dockwright"
    "$binary" completions zsh >"$share/zsh/site-functions/_dockwright"
    "$binary" completions fish >"$share/fish/vendor_completions.d/dockwright.fish"
}

mkdir -p "$out"
for target in "${targets[@]}"; do
    if [[ ! -d $data ]]; then
        # Once to have the binary; cargo has nothing left to do for the second.
        build "$staged" "$target"
        pages "$staged"/*.whl
    fi
    rm -rf "${staged:?}"/*
    build "$staged" "$target"
    for wheel in "$staged"/*.whl; do
        mv -f "$wheel" "$out"
        printf '%s/%s\n' "$out" "${wheel##*/}"
    done
done
