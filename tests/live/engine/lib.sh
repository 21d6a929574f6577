# shellcheck shell=bash
# shellcheck disable=SC2034  # the variables are read by the scripts that source this
# Sourced by the scripts beside it: where things lie, how to speak, what counts as new enough.
# Takes: DOCKWRIGHT_LIVE_CACHE (optional), the directory that everything is kept in.
# Gives: the variables LIVE_* and the functions below; has no effect by itself.

LIVE_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LIVE_CACHE=${DOCKWRIGHT_LIVE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dockwright-live}
LIVE_SUITE=${LIVE_SUITE:-forky}         # the Debian suite that has these versions of engine and servers
LIVE_ENGINE=$LIVE_CACHE/engine       # the engine's packages, unpacked
LIVE_RUN=$LIVE_CACHE/run             # socket, pid file, what containers hold while they run
LIVE_DATA=$LIVE_CACHE/data           # the engine's data root: images, volumes
LIVE_LOG=$LIVE_CACHE/log
LIVE_CONFIG=$LIVE_CACHE/config       # DOCKER_CONFIG of the engine that is started here
LIVE_ENV=$LIVE_CACHE/env.sh
LIVE_SOCKET=$LIVE_RUN/docker.sock
LIVE_PID_FILE=$LIVE_RUN/dockerd.pid

# A shell that became root by `su` has no directory of system tools on its path.
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'live engine: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

# Whole GB that are free where the engine keeps its images and volumes.
free_space() {
  df --output=avail --block-size=1GB "$LIVE_CACHE" | tail -n 1 | tr -d ' '
}

# Held until the calling script ends: several test runs may want the engine at once.
take_lock() {
  mkdir -p "$LIVE_CACHE"
  exec 9>"$LIVE_CACHE/lock"
  flock 9
}

need_root() {
  [[ $(id -u) == 0 ]] || die "$1 needs root"
}

at_least() { # VERSION MINIMUM
  [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

client_is_usable() {
  local compose
  command -v docker >/dev/null || return 1
  compose=$(timeout 10 docker compose version --short 2>/dev/null) || return 1
  at_least "${compose#v}" 2.33 && timeout 10 docker buildx version >/dev/null 2>&1
}

server_version() {
  timeout 10 docker version --format '{{.Server.Version}}' 2>/dev/null
}

# The process that a pid file names, if it is alive; a pid alone may belong to someone else by now.
process_of() { # FILE COMMAND
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$2" ]] && printf '%s\n' "$pid"
}

daemon_pid() { process_of "$LIVE_PID_FILE" dockerd; }
