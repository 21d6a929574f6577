#!/usr/bin/env bash
# Gives the live tests a Docker engine (>= 25, with Compose >= 2.33 and buildx) and the base images that
# generated files name, on a machine that may have neither Docker nor an image registry.
# Takes: DOCKWRIGHT_LIVE_CACHE, DOCKWRIGHT_LIVE_MIRROR (both optional; README.md).
# Gives: on stdout, and in env.sh in the cache, the lines to source so that plain `docker` is that engine.
# Progress goes to stderr. Repeating it is safe and takes seconds.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
take_lock
mkdir -p "$LIVE_LOG"

# What a whole run takes beside a warm cache, measured; a database that meets a full disk
# fails in ways that look like anything else.
free=$(free_space)
((free >= 8)) || die "$free GB are free at $LIVE_CACHE, and the tests need 8: make room (docker builder prune --all frees most)"

own_environment() {
  cat <<LINES
export DOCKER_HOST='unix://$LIVE_SOCKET'
export DOCKER_CONFIG='$LIVE_CONFIG'
export PATH='$LIVE_ENGINE/usr/bin':"\$PATH"
LINES
}

if version=$(server_version) && at_least "$version" 25; then
  if client_is_usable; then
    say "using the engine that is running here ($version)"
    if [[ ${DOCKER_HOST:-} == "unix://$LIVE_SOCKET" ]]; then
      own_environment
    else
      printf '# the engine of this machine, as it is\n'
    fi >"$LIVE_ENV"
  else
    say "using the engine that is running here ($version), with a client of our own"
    "$LIVE_HERE/obtain-engine.sh"
    "$LIVE_HERE/client-config.sh"
    own_environment | grep -v DOCKER_HOST >"$LIVE_ENV"
  fi
elif [[ -n $version ]] && ! daemon_pid >/dev/null; then
  die "the engine that is running here is $version; 25 or newer is needed (or stop it, and one is started)"
else
  need_root "starting an engine"
  "$LIVE_HERE/obtain-engine.sh"
  "$LIVE_HERE/client-config.sh"
  "$LIVE_HERE/start-daemon.sh"
  own_environment >"$LIVE_ENV"
fi

# shellcheck source=/dev/null
source "$LIVE_ENV"
"$LIVE_HERE/images.sh"
say "ready; to use it: . '$LIVE_ENV'"
cat "$LIVE_ENV"
