#!/usr/bin/env bash
# Has dockwright for the steps after this one: what is on PATH, else the wheel of this action's own version, else,
# where no index has that (between two releases, or in a network without one), what cargo builds of this checkout.
# Takes: RUNNER_TEMP and GITHUB_PATH, as a job has them; for the wheel python3 with venv and pip's usual settings
# (PIP_INDEX_URL and so on); for the build cargo. Gives: a further line of GITHUB_PATH.
# Exit code 3: there is none of the three.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

if command -v dockwright; then
    exit
fi
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$here/Cargo.toml" | head -n 1)
place=$RUNNER_TEMP/dockwright

wheel() {
    local python bin=$place/bin
    python=$(command -v python3 || command -v python) || return 1
    "$python" -m venv "$place" || return 1
    [[ -d $bin ]] || bin=$place/Scripts  # Windows
    "$bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: "dockwright==$version" ||
        return 1
    echo "$bin" >>"$GITHUB_PATH"
}

if wheel; then
    echo "dockwright $version, by its wheel"
elif command -v cargo >/dev/null; then
    echo "::notice title=dockwright::pip installs no wheel of dockwright $version here; cargo builds it, for minutes"
    cargo install --locked --quiet --path "$here" --root "$place-built"
    echo "$place-built/bin" >>"$GITHUB_PATH"
else
    echo "::error title=dockwright::pip installs no wheel of dockwright $version here (its reason is above), and there" \
        "is no cargo to build it: put dockwright on PATH before this action, or let pip reach an index that has it"
    exit 3
fi
