#!/usr/bin/env bash
# Prints the address of the Debian mirror that the host's own apt sources use.
# Takes: DOCKWRIGHT_LIVE_MIRROR (optional), which wins. Gives: one address, no slash at its end.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mirror=${DOCKWRIGHT_LIVE_MIRROR:-}
first_source() {
  # shellcheck disable=SC2016  # the dollar is apt's
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p
}
[[ -n $mirror ]] || mirror=$(first_source)
if [[ -z $mirror ]]; then
  # Origin and label are known only once the lists are there, and a fresh machine has none.
  need_root "reading apt's package lists"
  apt-get update >"$LIVE_LOG/apt-update.log" 2>&1 </dev/null || true
  mirror=$(first_source)
fi
case $mirror in
  http://* | https://*) printf '%s\n' "${mirror%/}" ;;
  *) die "no Debian mirror in apt's sources (found '$mirror'); name one with DOCKWRIGHT_LIVE_MIRROR" ;;
esac
