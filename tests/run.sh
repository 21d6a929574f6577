#!/usr/bin/env bash
# Runs every check of the project and installs what they need, on Debian as
# root or wherever cargo, python3 and docker are there already.
#
#   tests/run.sh          everything, in this order
#   tests/run.sh code     formatting, clippy, unit and integration tests
#   tests/run.sh lint     linters over generated output
#   tests/run.sh live     generated stacks on a real Docker engine
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

# What ci/update-request.sh needs, and the host that its tests talk to.
tools() {
    local tool missing=()
    for tool in curl git jq python3; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    if ((${#missing[@]} > 0)); then
        say "installing ${missing[*]}"
        { apt-get update && apt-get install -y --no-install-recommends ca-certificates "${missing[@]}"; } >/dev/null
    fi
}

code() {
    tools
    say "cargo fmt"
    cargo fmt --check
    say "cargo clippy"
    cargo clippy --quiet --locked --all-targets -- -D warnings
    say "cargo test"
    cargo test --locked
    if command -v shellcheck >/dev/null; then
        say "shellcheck of the project's own scripts"
        git ls-files '*.sh' .ci/run | xargs shellcheck -x
    fi
}

lint() {
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

case "${1:-all}" in
    all) code; lint; live ;;
    code | lint | live) "$1" ;;
    *) sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
say "done"
