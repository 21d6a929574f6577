#!/usr/bin/env bash
# Installs the Debian packages named as arguments that the host lacks, from the host's own apt sources.
# Takes: package names. Gives: the packages installed; touches nothing when they are all there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

missing=()
for package in "$@"; do
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

need_root "installing ${missing[*]}"
say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
{
  apt-get update
  apt-get install -y --no-install-recommends "${missing[@]}"
} >"$LIVE_LOG/host-packages.log" 2>&1 </dev/null ||
  die "apt-get failed: $(tail -n 3 "$LIVE_LOG/host-packages.log")"
