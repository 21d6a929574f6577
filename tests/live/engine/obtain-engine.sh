#!/usr/bin/env bash
# Obtains Docker Engine, CLI, Compose, buildx and containerd from the Debian suite LIVE_SUITE and unpacks them
# aside: nothing of them is installed, and the host's apt keeps its sources. runc and iptables are the host's.
# Takes: the host's apt mirror. Gives: $LIVE_ENGINE with usr/bin and usr/sbin.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=(docker.io docker-cli docker-compose docker-buildx containerd tini-static)

unpack_into() { # DIRECTORY
  local apt=$1/apt root=$1/root package
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/parts" "$apt/debs" "$root"
  touch "$apt/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "$mirror" "$LIVE_SUITE" >"$apt/sources.list"
  # Proxy and date settings are the host's: a mirror may serve a Release file that is past its date.
  {
    apt-config dump | grep -E '^Acquire::' || true
    cat <<CONF
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
Dir::Etc::parts "$apt/parts";
Dir::Etc::preferencesparts "$apt/parts";
APT::Sandbox::User "root";
Acquire::Languages "none";
CONF
  } >"$apt/apt.conf"
  export APT_CONFIG=$apt/apt.conf
  apt-get update || return
  (cd "$apt/debs" && apt-get download "${packages[@]}") || return
  for package in "$apt"/debs/*.deb; do
    dpkg -x "$package" "$root" || return
  done
}

[[ ! -x $LIVE_ENGINE/usr/sbin/dockerd ]] || exit 0
"$LIVE_HERE/host-packages.sh" ca-certificates
mirror=$("$LIVE_HERE/mirror.sh")
say "fetching the engine from $LIVE_SUITE"
work=$(mktemp -d "$LIVE_CACHE/engine.XXXXXX")
trap 'rm -rf "$work"' EXIT
unpack_into "$work" >"$LIVE_LOG/obtain-engine.log" 2>&1 </dev/null ||
  die "fetching the engine failed: $(tail -n 3 "$LIVE_LOG/obtain-engine.log")"
rm -rf "$LIVE_ENGINE"
mv "$work/root" "$LIVE_ENGINE"
