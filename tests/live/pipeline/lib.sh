# shellcheck shell=bash
# Sourced by the scripts beside it: a directory that is removed at the end, a registry, and how a failure is told.
# Takes: DOCKWRIGHT, the program. Gives: $work, $registry (host:port), and the functions below.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../engine/lib.sh
source "$here/../engine/lib.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/dockwright-pipeline.XXXXXX")
pids=()
finish() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  cleanup >/dev/null 2>&1 || true
  rm -rf "$work"
}
cleanup() { :; }
trap finish EXIT

fail() {
  printf 'pipeline: %s\n' "$*" >&2
  exit 1
}

# unpacked PACKAGE…: packages of Debian, unpacked aside once; prints their directory.
unpacked() {
  local directory
  directory=$LIVE_CACHE/packages/$(printf '%s\n' "$@" | sort | tr '\n' '+')
  if [[ ! -d $directory ]]; then
    mkdir -p "$LIVE_CACHE/packages"
    "$LIVE_HERE/unpack.sh" "$work/packages" "$@" >"$work/packages.log" 2>&1 ||
      fail "Debian's packages $* cannot be had: $(tail -n 3 "$work/packages.log")"
    mv --no-target-directory "$work/packages/root" "$directory" && rm -rf "$work/packages"
  fi
  printf '%s\n' "$directory"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# A registry of its own, empty. Engines take one on the loopback without TLS.
start_registry() {
  local packages
  packages=$(unpacked docker-registry)
  registry=127.0.0.1:$(free_port)
  cat >"$work/registry.yml" <<YAML
version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: $work/registry } }
http: { addr: "$registry", secret: stand-in }
YAML
  "$packages/usr/bin/docker-registry" serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do
    curl --silent --fail "http://$registry/v2/" >/dev/null && return
    sleep 0.1
  done
  fail "no registry answers: $(tail -n 3 "$work/registry.log")"
}

# ends CODE WORDS COMMAND…: fails unless the command ends with this code and says these words.
ends() {
  local wanted=$1 words=$2 code=0
  shift 2
  "$@" >"$work/said" 2>&1 || code=$?
  [[ $code == "$wanted" ]] || fail "$* ended with $code and not $wanted: $(tail -n 40 "$work/said")"
  [[ -z $words ]] || grep --quiet --fixed-strings -- "$words" "$work/said" ||
    fail "$* does not say '$words': $(tail -n 40 "$work/said")"
}
