#!/usr/bin/env bash
# Brings up a Docker engine where none answers, runs the live tests, and leaves the engine as it was found.
# Takes: arguments for the test program (`tests/live/run.sh outage`), and
#   LIVE_THREADS  tests at a time (default: two, which is what two cores bear)
# Gives: the tests' output and exit code. Nothing the tests made is left, however they end.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

# shellcheck source-path=SCRIPTDIR source=engine/lib.sh
source "$here/engine/lib.sh"
was_running=$(server_version || daemon_pid || true)
environment=$("$here/engine/up.sh")
eval "$environment"
DOCKWRIGHT_LIVE_TOOLS=$("$here/tools.sh")
export DOCKWRIGHT_LIVE_TOOLS
kubectl=$("$here/../tools/kubectl.sh")
export PATH=$kubectl:$PATH

# Every stack is written below this, by which its containers are recognised afterwards.
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/dockwright-live.XXXXXX")
export TMPDIR

leave() {
  local id project
  for id in $(docker ps --all --quiet --filter label=com.docker.compose.project.working_dir); do
    project=$(docker inspect --format '{{index .Config.Labels "com.docker.compose.project"}} {{index .Config.Labels "com.docker.compose.project.working_dir"}}' "$id" 2>/dev/null) || continue
    [[ ${project#* } == "$TMPDIR"/* ]] || continue
    project=${project%% *}
    docker compose --project-name "$project" down --volumes --remove-orphans --timeout 5
    docker image rm --force "$project:local" "$project-nginx:local" 2>/dev/null || true
  done
  # Images that lost their name to a later build of the same test; base images keep theirs.
  if [[ -z $was_running ]]; then
    docker image prune --force >/dev/null || true
  fi
  rm -rf "$TMPDIR"
  if [[ -z $was_running ]]; then
    "$here/engine/down.sh"
  fi
}
trap leave EXIT

cargo test --test live -- --test-threads="${LIVE_THREADS:-2}" "$@"
