#!/usr/bin/env bash
# Downloads packages of the Debian suite LIVE_SUITE and unpacks them: nothing is installed, and the host's apt keeps
# its sources.
#
#   tests/live/engine/unpack.sh DIRECTORY PACKAGE…
#
# Takes: the host's apt mirror. Gives: DIRECTORY/root.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

apt=$1/apt root=$1/root
shift
mirror=$("$LIVE_HERE/mirror.sh")
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
apt-get update
(cd "$apt/debs" && apt-get download "$@")
for package in "$apt"/debs/*.deb; do
  dpkg -x "$package" "$root"
done
