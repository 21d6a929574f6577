#!/usr/bin/env bash
# Runs every check of the project and installs what they need, on Debian as
# root or wherever a C compiler, python3 and docker are there already. Rust is
# the one thing that has to be there.
#
#   tests/run.sh          everything, in this order
#   tests/run.sh code     formatting, clippy, unit and integration tests
#   tests/run.sh wheel    what a release is made of: the wheel as people install it, archives, image, formula
#   tests/run.sh targets  the same code compiled for Windows and macOS
#   tests/run.sh lint     linters over generated output and the project's scripts
#   tests/run.sh live     generated stacks on a real Docker engine
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

# What cargo, ci/update-request.sh and the tests themselves call.
tools() {
    local tool missing=()
    local -A package=([cc]="gcc libc6-dev" [ps]=procps)
    command -v cargo >/dev/null || {
        echo "tests/run.sh: cargo is not on PATH: install Rust, https://rustup.rs" >&2
        exit 3
    }
    for tool in cc curl git jq ps python3; do
        # shellcheck disable=SC2206  # some are two packages
        command -v "$tool" >/dev/null || missing+=(${package[$tool]:-$tool})
    done
    ((${#missing[@]} > 0)) || return 0
    say "installing ${missing[*]}"
    { apt-get update && apt-get install -y --no-install-recommends ca-certificates "${missing[@]}"; } >/dev/null
}

# What the later steps fetch and build: it waits for networks while cargo computes.
prepare() {
    local environment
    tests/lint/tools.sh
    ci/release/tools.sh
    environment=$(tests/live/engine/up.sh)
    eval "$environment"
    tests/live/tools.sh
}

all() {
    local log preparation
    log=$(mktemp)
    prepare >"$log" 2>&1 &
    preparation=$!
    code
    targets
    say "waiting for the engine and the tools"
    wait "$preparation" || { cat "$log" && exit 3; }
    rm "$log"
    wheel
    lint
    live
}

code() {
    local kubectl
    say "cargo fmt"
    cargo fmt --check
    say "cargo clippy"
    cargo clippy --quiet --locked --all-targets --test live -- -D warnings
    say "cargo test"
    # What is said of manifests is said of what kustomize builds of them.
    kubectl=$(tests/tools/kubectl.sh)
    PATH=$kubectl:$PATH cargo test --locked
}

targets() {
    say "compiling for Windows and macOS"
    tests/targets/run.sh
}

wheel() {
    say "the wheel, and what a release makes of it"
    tests/release/run.sh
}

lint() {
    local linters
    say "shellcheck of the project's own scripts"
    linters=$(tests/lint/tools.sh)
    # The cases of rules are what others write, faults included.
    git ls-files '*.sh' .ci/run ':!tests/rules' | xargs "$linters/bin/shellcheck" -x
    say "the tools that refresh the tables"
    python3 tests/tools/test_refresh.py
    say "licences, duplicates and sources of what is built from"
    "$linters/bin/cargo-deny" --locked check licenses bans sources
    say "linters over generated output"
    tests/lint/run.sh
}

live() {
    local log failed
    say "generated stacks on a real engine"
    log=$(mktemp)
    if tests/live/run.sh 2>&1 | tee "$log"; then
        rm "$log"
        return
    fi
    # Builds fetch packages, and an index may stutter: what failed gets one more
    # chance, alone. A test that fails twice fails.
    mapfile -t failed < <(sed -n 's/^test \([a-z_:]*\) .*FAILED.*/\1/p' "$log" | sort -u)
    rm "$log"
    ((${#failed[@]} > 0)) || return 1
    say "once more, one at a time: ${failed[*]}"
    LIVE_THREADS=1 tests/live/run.sh --exact "${failed[@]}"
}

engine_answers() {
    # shellcheck source=tests/live/engine/lib.sh
    (source tests/live/engine/lib.sh && { server_version || daemon_pid; }) >/dev/null
}

# The engine is left as it was found.
engine_answers || trap tests/live/engine/down.sh EXIT
case "${1:-all}" in
    all | code | targets | wheel | lint | live)
        tools
        "${1:-all}"
        ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
say "done"
