#!/usr/bin/env bash
# Starts the unpacked engine with a socket, data root and pid file of its own, and waits until it answers.
# The daemon outlives the shell that called this; down.sh ends it.
# Takes: $LIVE_ENGINE (obtain-engine.sh). Gives: a daemon on $LIVE_SOCKET; its log is $LIVE_LOG/dockerd.log.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

log=$LIVE_LOG/dockerd.log
export PATH=$LIVE_ENGINE/usr/sbin:$LIVE_ENGINE/usr/bin:$PATH
export DOCKER_HOST=unix://$LIVE_SOCKET DOCKER_CONFIG=$LIVE_CONFIG

# A path longer than this does not fit into a socket's address.
((${#LIVE_SOCKET} <= 100)) || die "the cache's path is too long for a socket: $LIVE_SOCKET"

if daemon_pid >/dev/null; then
  say "the engine is already running"
else
  # procps has the `ps` that `docker top` runs.
  "$LIVE_HERE/host-packages.sh" iptables runc ca-certificates procps
  mkdir -p "$LIVE_RUN" "$LIVE_DATA"
  # The daemon ends what a killed one left running, but takes any process of the old number for a live one.
  rm -f "$LIVE_PID_FILE"
  process_of "$LIVE_RUN/exec/containerd/containerd.pid" containerd >/dev/null ||
    rm -f "$LIVE_RUN/exec/containerd/containerd.pid"

  # A container's network must not send larger packets than the host's way out takes.
  interface=$(awk '$2 == "00000000" { print $1; exit }' /proc/net/route)
  mtu=$(cat "/sys/class/net/$interface/mtu" 2>/dev/null || echo 1500)
  cat >"$LIVE_CACHE/daemon.json" <<JSON
{
  "hosts": ["$DOCKER_HOST"],
  "group": "root",
  "data-root": "$LIVE_DATA",
  "exec-root": "$LIVE_RUN/exec",
  "pidfile": "$LIVE_PID_FILE",
  "builder": { "gc": { "enabled": true, "defaultKeepStorage": "6GB" } },
  "mtu": $mtu,
  "default-network-opts": { "bridge": { "com.docker.network.driver.mtu": "$mtu" } }
}
JSON
  say "starting the engine"
  setsid nohup dockerd --config-file "$LIVE_CACHE/daemon.json" </dev/null >"$log" 2>&1 9>&- &
fi

for _ in $(seq 300); do
  if version=$(server_version); then
    say "engine $version answers"
    exit 0
  fi
  sleep 0.2
done
die "the engine does not answer; the end of $log: $(tail -n 5 "$log")"
