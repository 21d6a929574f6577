#!/usr/bin/env bash
# Obtains Docker Engine, CLI, Compose, buildx and containerd from the Debian suite LIVE_SUITE and unpacks them
# aside: nothing of them is installed, and the host's apt keeps its sources. runc and iptables are the host's.
# Takes: the host's apt mirror. Gives: $LIVE_ENGINE with usr/bin and usr/sbin.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=(docker.io docker-cli docker-compose docker-buildx containerd tini-static)

[[ ! -x $LIVE_ENGINE/usr/sbin/dockerd ]] || exit 0
"$LIVE_HERE/host-packages.sh" ca-certificates
say "fetching the engine from $LIVE_SUITE"
work=$(mktemp -d "$LIVE_CACHE/engine.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$LIVE_HERE/unpack.sh" "$work" "${packages[@]}" >"$LIVE_LOG/obtain-engine.log" 2>&1 </dev/null ||
  die "fetching the engine failed: $(tail -n 3 "$LIVE_LOG/obtain-engine.log")"
rm -rf "$LIVE_ENGINE"
mv "$work/root" "$LIVE_ENGINE"
