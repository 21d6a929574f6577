#!/usr/bin/env bash
# Compiles the program for Windows and macOS, for macOS with its tests, without linking it.
#
# The standard library of a target is rustup's where it was added (`rustup target add
# TARGET`), else made from its source: rustup's (`rustup component add rust-src`), else
# Debian's package of the very version of this compiler. Where none is to be had that is
# said, and nothing is checked.
#
#   tests/targets/run.sh [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/../.."

targets=("$@")
((${#targets[@]} > 0)) || targets=(x86_64-pc-windows-msvc aarch64-apple-darwin)
sysroot=$(rustc --print sysroot)
version=$(rustc --version | cut -d ' ' -f 2)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dockwright-targets

# The library's source as Debian packages it, in its suites that have several versions.
of_debian() {
    local apt=$cache/apt uri suite package
    [[ ! -d $cache/$version/library ]] || return 0
    command -v apt-get >/dev/null || return 1
    # shellcheck disable=SC2016  # it is apt's, not the shell's
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    for suite in trixie-backports forky sid; do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri%/} $suite main"
    done >"$apt/sources.list"
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
CONF
    export APT_CONFIG=$apt/apt.conf
    apt-get update >"$apt/log" 2>&1 || return 1
    package=$(apt-cache madison rust-src | cut -d '|' -f 2 | tr -d ' ' | grep -m 1 "^$version+") || return 1
    (cd "$apt" && apt-get download "rust-src=$package" >>log 2>&1) || return 1
    rm -rf "$apt/source"
    dpkg-deb --extract "$apt"/rust-src_*.deb "$apt/source"
    mkdir -p "$cache/$version"
    mv "$apt/source/usr/src/rustc-$version/library" "$cache/$version/"
    rm -rf "$apt"
}

check() {
    local target=$1 name=${1//-/_} what=--all-targets
    # Many tests are about modes, links and signals, which Windows has not.
    [[ $target != *-windows-* ]] || what=--bins
    shift
    env "CC_$name=$PWD/tests/targets/compiler.sh" "AR_$name=$PWD/tests/targets/compiler.sh" "$@" \
        cargo check --quiet --locked "$what" --target "$target" \
        --target-dir "${CARGO_TARGET_DIR:-target}/targets" "${options[@]}"
}

for target in "${targets[@]}"; do
    options=()
    if [[ -d $sysroot/lib/rustlib/$target/lib ]]; then
        check "$target"
        echo "targets: $target compiles"
        continue
    fi
    # Of cargo's unstable parts, and of the names that its own tests use.
    options=(-Z build-std)
    if [[ -d $sysroot/lib/rustlib/src/rust/library ]]; then
        check "$target" RUSTC_BOOTSTRAP=1
    elif (of_debian); then
        check "$target" RUSTC_BOOTSTRAP=1 "__CARGO_TESTS_ONLY_SRC_ROOT=$cache/$version/library"
    else
        echo "targets: $target is not checked: no standard library of Rust $version for it, and no source of one" >&2
        continue
    fi
    echo "targets: $target compiles"
done
