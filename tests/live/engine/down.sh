#!/usr/bin/env bash
# Stops the engine that up.sh started, containers first, and releases what it had mounted; the cache stays.
# An engine that was running before up.sh is not touched.
# Takes: DOCKWRIGHT_LIVE_CACHE as up.sh does. Gives: no process, no mount and no env.sh left over.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
take_lock

if ! daemon_pid >/dev/null && [[ -d $LIVE_RUN/exec ]]; then
  say "the engine was killed; starting it once more to end what it left running"
  "$LIVE_HERE/start-daemon.sh"
fi
if pid=$(daemon_pid); then
  say "stopping the engine"
  kill -TERM "$pid"
  # Containers are given ten seconds each to end by themselves.
  for _ in $(seq 300); do
    [[ -d /proc/$pid ]] || break
    sleep 0.2
  done
  [[ ! -d /proc/$pid ]] || die "the engine (process $pid) does not stop; see $LIVE_LOG/dockerd.log"
else
  say "no engine of ours is running"
fi

# Innermost first: a network namespace or a layer that a killed container held.
awk -v root="$LIVE_CACHE/" 'index($2, root) == 1 { print $2 }' /proc/mounts | sort -r |
  while read -r place; do umount "$place" || say "still mounted: $place"; done
rm -rf "$LIVE_RUN"
rm -f "$LIVE_ENV"
