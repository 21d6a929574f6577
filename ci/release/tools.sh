#!/usr/bin/env bash
# Installs what builds a release, tries its wheel and publishes it, each at the version and hash of
# requirements.txt: maturin and zig, uv and pipx, pypi-attestations.
# Takes: a Python >= 3.11 with venv. Gives: on stdout, the directory of their commands, made once.
set -euo pipefail
cd "$(dirname "$0")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockwright-release
python=$(command -v python3 || command -v python)
mark=$({ cat requirements.txt && "$python" --version; } | "$python" -c \
    'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])')
tools=$cache/tools-$mark
if [[ ! -e $tools/complete ]]; then
    echo "release: installing the tools" >&2
    rm -rf "$tools"
    "$python" -m venv "$tools"
    bin=$tools/bin
    [[ -d $bin ]] || bin=$tools/Scripts  # Windows
    "$bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
        --requirement requirements.txt >&2
    touch "$tools/complete"
fi
[[ -d $tools/bin ]] && printf '%s\n' "$tools/bin" || printf '%s\n' "$tools/Scripts"
