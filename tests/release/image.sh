#!/usr/bin/env bash
# The container image of a release, built by a real engine and used as pipelines use it.
#
#   tests/release/image.sh DIRECTORY
#
# Takes: what `ci/release/artefacts.py image` gave, and docker on PATH.
set -euo pipefail
cd "$(dirname "$0")/../.."
context=$1
tag=dockwright-release:$$
work=$(mktemp -d)
trap 'docker image rm --force "$tag" >/dev/null 2>&1; rm -rf "$work"' EXIT

fail() {
    echo "image: $1" >&2
    exit 1
}

docker build --quiet --file ci/release/Dockerfile --tag "$tag" "$context" >/dev/null
# As strict as a pipeline may be: no network, nothing to write but what is mounted.
dockwright() {
    docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
        --user "$(id -u):$(id -g)" --volume "$work:/work" "$tag" "$@"
}
[[ $(docker image inspect --format '{{ .Config.User }}' "$tag") == 65532:65532 ]] || fail "its user is another"
docker run --rm "$tag" --version | grep --quiet '^dockwright ' || fail "its own user cannot run it"

dockwright new shop --preset django-nginx --yes >/dev/null
[[ -e $work/shop/.env ]] || fail "new wrote nothing"
dockwright check shop >/dev/null || fail "check does not hold for a new service"
dockwright audit shop >/dev/null || fail "audit does not hold for a new service"
cp ci/release/Dockerfile "$work"
dockwright audit Dockerfile --fail-on advice >&2 || fail "audit does not hold for the image itself"
sed -i 's/^    restart: .*/&\n    privileged: true/' "$work/shop/compose.yaml"
code=0
dockwright audit shop >/dev/null 2>&1 || code=$?
[[ $code == 1 ]] || fail "audit ended with $code of services that are root of the host"
# A static binary and its licences, and nothing beside them.
docker create --name "dockwright-release-$$" "$tag" >/dev/null
docker export "dockwright-release-$$" | tar -t | grep -v '/$' >"$work/files"
docker rm "dockwright-release-$$" >/dev/null
for file in usr/local/bin/dockwright usr/share/licenses/dockwright/LICENSE-{APACHE,MIT}; do
    grep --quiet --line-regexp "$file" "$work/files" || fail "it has no $file"
done
# What an engine itself puts into each container.
more=$(grep -vE '^(usr/|\.dockerenv$|dev/console$|etc/(hostname|hosts|mtab|resolv\.conf)$)' "$work/files" || true)
[[ -z $more ]] || fail "it has more than it should: $more"
echo "image: runs as it should, without network or rights"
