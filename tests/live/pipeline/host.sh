#!/usr/bin/env bash
# The step that deploys to a host, where things go wrong around it: services that are new or renamed, an engine that
# does not say what runs, a second release during the first, a connection that is lost, what is missing. `ssh` is a
# stand-in that runs commands in a directory, `docker` one that keeps what runs in a file; release.sh has the real ones.
#
#   DOCKWRIGHT=… tests/live/pipeline/host.sh
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mkdir -p "$work/bin" "$work/engine" "$work/digests" "$work/host"
cat >"$work/bin/ssh" <<'SH'
#!/bin/sh
[ -z "${LOST:-}" ] || exit 255
while [ $# -gt 1 ]; do shift; done
exec sh -c "$1"
SH
# What runs stands in running, what does not become healthy in unhealthy (tags), a line for each change in log.
cat >"$work/bin/docker" <<'SH'
#!/usr/bin/env bash
set -euo pipefail
cd_to=$PWD
case $1 in
  pull)
    while [[ -e $ENGINE/slow ]]; do sleep 0.1; done
    exit 0
    ;;
  image) exec cat "$ENGINE/digests" ;;
esac
shift
while [[ $1 == --* ]]; do
  [[ $1 != --file ]] || file=$2
  shift 2
done
command=$1 && shift
services() { sed -n '/^services:/,/^[^ ]/s/^  \([a-z]*\):.*/\1/p' "$file"; }
case $command in
  config) [[ $* != *--services* ]] || services ;;
  ps)
    [[ $* == *--services* ]] || exit 0
    [[ ! -e $ENGINE/away ]] || { echo 'Cannot connect to the Docker daemon' >&2 && exit 1; }
    cat "$ENGINE/running"
    ;;
  rm)
    echo "rm $*" >>"$ENGINE/log"
    for service in "$@"; do sed -i "/^$service\$/d" "$ENGINE/running"; done
    ;;
  up)
    tag=$(sed -n 's/^TAG=//p' .env)
    asked=()
    while [[ $# -gt 0 ]]; do
      case $1 in
        --wait-timeout) shift ;;
        --*) ;;
        *) asked+=("$1") ;;
      esac
      shift
    done
    echo "up $tag ${asked[*]}" >>"$ENGINE/log"
    for service in "${asked[@]}"; do
      services | grep -qx "$service" || { echo "no such service: $service" >&2 && exit 1; }
    done
    [[ ${#asked[@]} -gt 0 ]] || mapfile -t asked < <(services)
    for service in "${asked[@]}"; do
      [[ $service == migrate ]] || grep -qx "$service" "$ENGINE/running" || echo "$service" >>"$ENGINE/running"
    done
    ! grep -qx "$tag" "$ENGINE/unhealthy" || { echo "$tag is unhealthy" >&2 && exit 1; }
    ;;
esac
SH
sed -i '/^cd_to=/d' "$work/bin/docker"
chmod +x "$work/bin"/*
export PATH=$work/bin:$PATH ENGINE=$work/engine DIGESTS=$work/digests
export DEPLOY_HOST=deploy@host DEPLOY_DIRECTORY=$work/host DEPLOY_KEY=key DEPLOY_KNOWN_HOSTS=known
touch "$ENGINE/running" "$ENGINE/unhealthy" "$ENGINE/log"

"$DOCKWRIGHT" new "$work/shop" --yes --preset celery-postgres-redis --set project.name=shop --set deploy.ci=github \
  --set images.repository=registry.example.com/team/shop >/dev/null
cd "$work/shop"
image=registry.example.com/team/shop
printf '%s@sha256:%064d\n' "$image" 1 | tee "$ENGINE/digests" >"$DIGESTS/merged"
cp .env "$work/host/.env"
deploy() { deploy/ci/pipeline.sh deploy-host "$1"; }
# runs TAG SERVICE…
runs() {
  local tag=$1
  shift
  [[ $(sed -n 's/^TAG=//p' "$work/host/.env") == "$tag" ]] || fail ".env says $(grep TAG "$work/host/.env") and not $tag"
  [[ $(sort "$ENGINE/running" | xargs) == "$*" ]] || fail "runs: $(sort "$ENGINE/running" | xargs), and not $*"
  [[ $(ls -A "$work/host/.release") =~ ^(before$'\n')?lock$ ]] || fail "left behind: $(ls -A "$work/host/.release")"
}
# unchanged: the host's files are those of the last call of `keep`.
keep() { rm -rf "$work/kept" && cp -a "$work/host" "$work/kept" && cp "$ENGINE/running" "$work/kept.running"; }
unchanged() {
  diff -r --exclude .release "$work/kept" "$work/host" || fail 'a file was changed'
  cmp "$work/kept.running" "$ENGINE/running" || fail 'what runs was changed'
}

ends 0 'r1 runs' deploy r1
runs r1 beat db redis web worker

# A service has another name in the release: back to what the earlier file calls it, and without what is new.
cp compose.yaml "$work/compose.yaml"
sed -i 's/^  worker:/  jobs:/' compose.yaml
echo r2 >"$ENGINE/unhealthy"
ends 1 'rolled back: r1 runs again' deploy r2
runs r1 beat db redis web worker
cmp "$work/compose.yaml" "$work/host/compose.yaml"
grep --quiet 'r2 is unhealthy' "$work/said" || fail "what Compose said is not shown: $(cat "$work/said")"
grep --quiet --line-regexp 'rm --stop --force worker' "$ENGINE/log" || fail "$(cat "$ENGINE/log")"
[[ $(tail -n 1 "$ENGINE/log") == 'up r1 '* && $(tail -n 1 "$ENGINE/log") != *migrate* ]] || fail "$(cat "$ENGINE/log")"
# Nobody listens any more: it goes back all the same.
: >"$ENGINE/log"
code=0
mkdir "$work/host/.release/next.own"
cp compose.yaml deploy/ci/release.sh "$work/host/.release/next.own"
(cd "$work/host" && exec sh .release/next.own/release.sh r2 "$(cat "$DIGESTS/merged")" 2> >(exec true)) || code=$?
[[ $code == 1 ]] || fail "without anybody who listens it ended with $code"
rm -r "$work/host/.release/next.own"
runs r1 beat db redis web worker
# And one that is healthy.
ends 0 'no part of r3 any more, and stopped: worker' deploy r3
runs r3 beat db jobs redis web
echo r4 >"$ENGINE/unhealthy"
ends 1 'rolled back: r3 runs again' deploy r4
runs r3 beat db jobs redis web
printf '%s\n' r4 r3 >"$ENGINE/unhealthy"
ends 2 'neither is r3 seen to' deploy r4
echo r4 >"$ENGINE/unhealthy"
ends 0 'r3 runs' deploy r3

# An engine that does not say what runs is no first release.
keep
touch "$ENGINE/away"
ends 3 'what runs here cannot be asked, so that there is no way back; nothing was changed' deploy r5
unchanged
rm "$ENGINE/away"

# A second release while the first one pulls: the first starts its own files.
touch "$ENGINE/slow"
sed -i 's/^  jobs:/  first:/' compose.yaml
cp compose.yaml "$work/first.yaml"
deploy r5 >"$work/first" 2>&1 &
first=$!
for _ in $(seq 50); do
  ! compgen -G "$work/host/.release/next.*/compose.yaml" >/dev/null || break
  sleep 0.1
done
sleep 0.5
sed -i 's/^  first:/  second:/' compose.yaml
ends 3 'another release is under way; nothing was changed' timeout 10 deploy/ci/pipeline.sh deploy-host r6
rm "$ENGINE/slow"
wait "$first" || fail "the first: $(cat "$work/first")"
cmp "$work/first.yaml" "$work/host/compose.yaml"
runs r5 beat db first redis web
cp "$work/first.yaml" compose.yaml

# What is missing.
keep
for name in DEPLOY_HOST DEPLOY_DIRECTORY DEPLOY_KEY DEPLOY_KNOWN_HOSTS; do
  ends 3 "$name is not set" env --unset "$name" deploy/ci/pipeline.sh deploy-host r6
done
DEPLOY_DIRECTORY=$work/nowhere ends 3 'does not take the files; nothing was changed' deploy r6
DEPLOY_DIRECTORY="$work/a b" ends 3 "a host's shell would read something else" deploy r6
ends 3 "is no image's tag" deploy 'r6;id'
LOST=true ends 255 'is not known' deploy r6
mv "$DIGESTS/merged" "$work/merged"
ends 3 'nothing was merged' deploy r6
: >"$DIGESTS/merged"
ends 3 'nothing was merged' deploy r6
echo "$image@sha256:\$(id)" >"$DIGESTS/merged"
ends 3 'has no digest' deploy r6
mv "$work/merged" "$DIGESTS/merged"
mv compose.yaml "$work/compose.yaml"
ends 3 'cannot be packed' deploy r6
mv "$work/compose.yaml" compose.yaml
echo "$image@sha256:other" >"$ENGINE/digests"
ends 3 'somebody moved the tag; nothing was changed' deploy r6
cp "$DIGESTS/merged" "$ENGINE/digests"
ends 3 'which TAG?' env --chdir "$work/host" sh "$work/shop/deploy/ci/release.sh"
unchanged
rm "$work/host/.env"
ends 3 'has no .env' deploy r6

# A first release has nothing to go back to.
rm -r "$work/host" && mkdir "$work/host" && cp .env "$work/host/.env" && : >"$ENGINE/running"
ends 2 'nothing ran before r4 that could run again' deploy r4
echo 'host: its own files, its own services, and nothing that is not known'
