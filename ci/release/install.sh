#!/bin/sh
# Installs dockwright @VERSION@ for this user: the archive of the release for this machine, held against the
# release's SHA256SUMS before anything of it is used. Asks for no rights, and changes nothing but the one file.
#
#   curl -LsSf @REPOSITORY@/releases/latest/download/install.sh | sh
#
# Takes: curl or wget, tar, and sha256sum or shasum. In the environment:
#   DOCKWRIGHT_INSTALL_DIR   where the binary goes, by default ~/.local/bin
#   DOCKWRIGHT_DOWNLOAD_URL  where the release's files are, by default @DOWNLOADS@
# Gives: DOCKWRIGHT_INSTALL_DIR/dockwright. Whatever goes wrong, what was there stays as it was.
# Exit codes: 2 there is no artefact for this machine; 3 a tool is missing, a download failed or is another than
# the release's, or the directory cannot be written.
set -eu

say() { printf 'dockwright: %s\n' "$*" >&2; }
fail() { say "$1"; exit "${2:-3}"; }
has() { command -v "$1" >/dev/null 2>&1; }

# A function, so that half a script does nothing.
main() {
    base=${DOCKWRIGHT_DOWNLOAD_URL:-@DOWNLOADS@}
    into=${DOCKWRIGHT_INSTALL_DIR:-${HOME:?is not set, and neither is DOCKWRIGHT_INSTALL_DIR}/.local/bin}
    has curl || has wget || fail "neither curl nor wget is on PATH"
    has tar || fail "tar is not on PATH"
    has sha256sum || has shasum || fail "neither sha256sum nor shasum is on PATH"

    target=$(target)
    archive=dockwright-$target.tar.gz
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM

    download SHA256SUMS
    wanted=$(awk -v name="$archive" '$2 == name { print $1 }' "$work/SHA256SUMS")
    [ -n "$wanted" ] || fail "the release at $base has nothing for $target" 2
    download "$archive"
    found=$(checksum "$work/$archive")
    [ "$found" = "$wanted" ] || fail "$base/$archive is not what the release has: its SHA-256 is $found, not $wanted"

    tar -xzf "$work/$archive" -C "$work"
    mkdir -p "$into" || fail "$into cannot be made: set DOCKWRIGHT_INSTALL_DIR"
    # Beside the old one, then in its place in one step: one that runs goes on.
    new=$into/.dockwright.$$
    trap 'rm -rf "$work" "$new"' EXIT
    { cp "$work/dockwright-$target/dockwright" "$new" && chmod 755 "$new"; } ||
        fail "$into cannot be written: set DOCKWRIGHT_INSTALL_DIR"
    version=$("$new" --version) || fail "the binary for $target does not run here; nothing was installed"
    mv -f "$new" "$into/dockwright"
    say "$version is in $into"
    case :$PATH: in
        *:"$into":*) ;;
        *) say "$into is not on your PATH; add it in your shell's settings: export PATH=\"$into:\$PATH\"" ;;
    esac
}

# The name of this machine's artefact.
target() {
    system=$(uname -s) machine=$(uname -m)
    case $machine in
        x86_64 | amd64) machine=x86_64 ;;
        aarch64 | arm64) machine=aarch64 ;;
        *) machine='' ;;
    esac
    case $system in
        Linux) system=unknown-linux-$(libc) ;;
        Darwin)
            system=apple-darwin
            # A shell under Rosetta does not say what the machine is.
            if [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || :)" = 1 ]; then machine=aarch64; fi
            ;;
        *) machine='' ;;
    esac
    [ -n "$machine" ] ||
        fail "there is no artefact for $(uname -s) on $(uname -m); \`pip install dockwright\` or cargo may have one" 2
    printf '%s-%s\n' "$machine" "$system"
}

# The binary for glibc wants 2.17; the one for musl is static and runs without any.
libc() {
    version=$(getconf GNU_LIBC_VERSION 2>/dev/null || :)
    case $version in
        'glibc '[3-9]* | 'glibc 2.1'[7-9]* | 'glibc 2.'[2-9][0-9]* | 'glibc 2.1'[0-9][0-9]*) echo gnu ;;
        *) echo musl ;;
    esac
}

download() {
    if has curl; then
        curl --location --silent --show-error --fail --retry 3 --output "$work/$1" "$base/$1"
    else
        wget -q -O "$work/$1" "$base/$1"
    fi || fail "$base/$1 cannot be fetched"
}

checksum() {
    if has sha256sum; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

main
