#!/usr/bin/env bash
# The wheel as those have it who install it: by pip, uv and pipx, with an empty home and nothing but Python.
# What it prints and writes is what cargo's build does.
#
#   tests/release/wheel.sh TOOLS DIST
#
# Takes: the directory that ci/release/tools.sh prints, and one to leave the wheel in. The wheel has the dev
# profile, whose binary cargo has built already.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$1 dist=$2
project=$PWD
cargo build --quiet --locked
built=${CARGO_TARGET_DIR:-$PWD/target}/debug/dockwright

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH="$tools:$PATH"
wheel=$(ci/release/wheel.sh --profile dev --out "$dist" 2>"$work/log") || { cat "$work/log" >&2 && exit 1; }
wheel=$(realpath "$wheel")

fail() {
    echo "wheel: $1" >&2
    exit 1
}

# clean COMMAND…: without this machine's home, settings and tools, and without a package index.
clean() {
    mkdir -p "$work/home"
    env -i PATH="${CLEAN_PATH:-/usr/bin:/bin}" HOME="$work/home" LANG=C.UTF-8 DOCKWRIGHT_NO_DOCKER=1 NO_COLOR=1 \
        PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_INDEX=1 UV_OFFLINE=1 UV_PYTHON="$python" \
        UV_PYTHON_DOWNLOADS=never "$@"
}
python=$("$tools/python" -c 'import sys; print(sys._base_executable)')

# What is in it.
entries=$(python3 -m zipfile -l "$wheel" | awk '{ print $1 }')
for entry in licenses/LICENSE-MIT licenses/LICENSE-APACHE sboms/dockwright.cyclonedx.json; do
    grep --quiet "\.dist-info/$entry\$" <<<"$entries" || fail "there is no $entry in it"
done

# shows NAME COMMAND…: what a command line of dockwright prints and writes.
shows() {
    local name=$1
    shift
    mkdir -p "$work/$name"
    (
        cd "$work/$name"
        clean "$@" --version >version.txt
        clean "$@" new shop --preset django-nginx --yes >new.txt
        # Passwords are made anew each time.
        sed -i -E 's/^([A-Z_]*(KEY|PASSWORD))=[A-Za-z0-9]{40,}$/\1=random/' shop/.env
        clean "$@" plan shop --format json >plan.txt
        clean "$@" detect "$project/tests/cases/django-nginx-old" --format json >detect.txt
        clean "$@" preset show ml-server >preset.txt
    )
    [[ $name == cargo ]] || diff --recursive "$work/cargo" "$work/$name" >&2 ||
        fail "by $name, it is another than cargo's build"
}
shows cargo "$built"
grep --quiet '=random$' "$work/cargo/shop/.env" || fail ".env has no passwords to look past"

clean "$python" -m venv "$work/venv"
clean "$work/venv/bin/pip" install --quiet "$wheel"
shows pip "$work/venv/bin/dockwright"

# Pages and completions are where their readers look below the environment's directory.
share=$work/venv/share
"$built" man --all "$work/man"
diff --recursive "$work/man" "$share/man/man1" || fail "its manual is another"
"$built" completions bash | cmp - "$share/bash-completion/completions/dockwright"
"$built" completions zsh | cmp - "$share/zsh/site-functions/_dockwright"
"$built" completions fish | cmp - "$share/fish/vendor_completions.d/dockwright.fish"
clean "$work/venv/bin/pip" uninstall --quiet --yes dockwright
[[ -z $(find "$work/venv" -name '*dockwright*') ]] || fail "pip leaves something of it behind"

shows uvx "$tools/uvx" --quiet --from "$wheel" dockwright
clean "$tools/uv" tool install --quiet "$wheel"
shows uv-tool "$work/home/.local/bin/dockwright"
clean "$tools/uv" tool uninstall --quiet dockwright

CLEAN_PATH=$tools:/usr/bin:/bin clean "$tools/pipx" install --quiet --backend uv --python "$python" "$wheel" \
    >"$work/log" 2>&1 || { cat "$work/log" >&2 && fail "pipx does not install it"; }
shows pipx "$work/home/.local/bin/dockwright"
[[ -e $work/home/.local/share/man/man1/dockwright.1 ]] || fail "pipx finds no manual page in it"
echo "wheel: ${wheel##*/} by pip, uvx, uv tool and pipx is cargo's build"
