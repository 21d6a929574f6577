#!/usr/bin/env bash
# The steps before a deployment, with the very commands of a generated pipeline: checked, built for two architectures
# and pushed by digest with provenance and SBOM, merged, scanned, signed. Real are the registry, BuildKit and cosign
# (by a key: no identity is vouched for here). Stand-ins are the program that makes an SBOM, the scanner, whose
# database is out of reach, and `uvx`, which runs DOCKWRIGHT.
#
#   DOCKWRIGHT=… tests/live/pipeline/publish.sh
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

start_registry
tools=$(unpacked busybox-static cosign)

# An engine of its own, with the image store that attestations need; the tests' engine is shared, and has the other one.
bridge=dw-pipeline
cleanup() { ip link delete "$bridge"; }
"$LIVE_HERE/host-packages.sh" iproute2
ip link add "$bridge" type bridge 2>/dev/null || fail "$bridge is there: another run, or what one left (ip link delete $bridge)"
ip address add 192.0.2.1/24 dev "$bridge"
ip link set "$bridge" up
mkdir -p "$work/engine" "$work/bin"
cat >"$work/engine/daemon.json" <<JSON
{
  "hosts": ["unix://$work/engine/docker.sock"], "group": "root", "data-root": "$work/engine/data",
  "exec-root": "$work/engine/exec", "pidfile": "$work/engine/pid", "features": { "containerd-snapshotter": true },
  "bridge": "$bridge", "iptables": false, "ip6tables": false
}
JSON
PATH=$LIVE_ENGINE/usr/sbin:$LIVE_ENGINE/usr/bin:$PATH dockerd --config-file "$work/engine/daemon.json" \
  >"$work/engine/log" 2>&1 &
pids+=($!)
shared=${DOCKER_HOST:-}
export DOCKER_HOST=unix://$work/engine/docker.sock BUILDX_CONFIG=$work/buildx
for _ in $(seq 150); do
  server_version >/dev/null && break
  sleep 0.2
done
server_version >/dev/null || fail "the engine does not answer: $(tail -n 3 "$work/engine/log")"
python3 "$here/buildkit.py" "$work/engine/docker.sock" "$work/engine/buildkit.sock" 2>"$work/engine/buildkit.log" &
pids+=($!)
until [[ -S $work/engine/buildkit.sock ]]; do sleep 0.1; done
docker buildx create --name pipeline --driver remote --use "unix://$work/engine/buildkit.sock" >/dev/null

# What makes an SBOM is an image, too: BuildKit says where it has to go.
mkdir "$work/sbom"
cp "$tools/bin/busybox" "$work/sbom" 2>/dev/null || cp "$tools/usr/bin/busybox" "$work/sbom"
cat >"$work/sbom/scan" <<'SH'
#!/busybox sh
/busybox mkdir -p "$BUILDKIT_SCAN_DESTINATION"
echo '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"name":"stand-in"}}' \
  >"$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json"
SH
chmod +x "$work/sbom/scan"
printf 'FROM scratch\nCOPY busybox scan /\nENTRYPOINT ["/scan"]\n' |
  docker buildx build --quiet --provenance false --tag "$registry/sbom:1" --push --file - "$work/sbom" >/dev/null
export SBOM_GENERATOR=$registry/sbom:1

"$DOCKWRIGHT" new "$work/shop" --yes --preset django-nginx --set project.name=shop \
  --set "images.repository=$registry/team/shop" --set deploy.ci=github >/dev/null
cd "$work/shop"
pipeline=deploy/ci/pipeline.sh
images=("$registry/team/shop" "$registry/team/shop-nginx")

# check: what CI runs by `uvx dockwright==VERSION`.
cat >"$work/bin/uvx" <<SH
#!/bin/sh
[ "\$1" = "dockwright==$("$DOCKWRIGHT" --version | cut -d ' ' -f 2)" ] || exit 64
shift
exec "$DOCKWRIGHT" "\$@"
SH
# scan: the words of grype's own command line that matter, each scan on a line; exit code 2 as grype has it.
cat >"$work/bin/grype" <<'SH'
#!/bin/sh
case " $* " in
  *' --only-fixed --fail-on high --platform linux/'*' registry:'*@sha256:*) ;;
  *) exit 64 ;;
esac
echo "$*" >>"$SCANS"
case $* in *"$SEVERE"*) exit 2 ;; esac
SH
# sign: cosign itself, by a key and without a log.
cat >"$work/bin/cosign" <<SH
#!/bin/sh
command=\$1
shift
exec "$tools/usr/bin/cosign" "\$command" --key "$work/cosign.key" --use-signing-config=false --tlog-upload=false "\$@"
SH
chmod +x "$work/bin"/*
export PATH=$work/bin:$PATH HOME=$work COSIGN_PASSWORD=stand-in SCANS=$work/scans SEVERE=none
(cd "$work" && "$tools/usr/bin/cosign" generate-key-pair >/dev/null 2>&1)

ends 0 '' "$pipeline" check
cp compose.yaml "$work/kept"
sed -i 's/^  init: true$/&\n  privileged: true/' compose.yaml
ends 1 '::error' "$pipeline" check
cp "$work/kept" compose.yaml

# Docker's checks, by the tests' engine, which has the base images.
lint() { DOCKER_HOST=$shared BUILDX_BUILDER=default "$pipeline" lint; }
ends 0 '' lint
sed -i 's/^ENTRYPOINT .*/ENTRYPOINT sh entrypoint.sh/' Dockerfile
ends 1 'JSONArgsRecommended' lint

# Nothing is pushed of a pull request; then each architecture, as its own machine would.
printf 'FROM scratch AS runtime\nCOPY manage.py /\nFROM scratch AS proxy\nCOPY nginx /nginx\n' >Dockerfile
ends 0 '' "$pipeline" build
[[ ! -e digests ]] || fail 'a build that pushes nothing hands on digests'
export PUSH=true
machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
other=$([[ $machine == amd64 ]] && echo arm64 || echo amd64)
ends 0 '' "$pipeline" build
ends 1 "nothing was built for $other" "$pipeline" merge r1
DOCKER_DEFAULT_PLATFORM=linux/$other ARCHITECTURE=$other ends 0 '' "$pipeline" build
for image in "${images[@]}"; do
  curl --silent "http://$registry/v2/${image#*/}/tags/list" | grep --quiet '"r1"' && fail "$image has a tag before it is merged"
done
# By the registry's cache alone.
docker buildx prune --all --force >/dev/null
ends 0 'CACHED' "$pipeline" build
ends 0 '@sha256:' "$pipeline" merge r1

# The merged image has both, each with provenance and SBOM; its digest is what is handed on.
for image in "${images[@]}"; do
  merged=$(grep -F "$image@" digests/merged)
  curl --silent --fail --header 'Accept: application/vnd.oci.image.index.v1+json' \
    "http://$registry/v2/${image#*/}/manifests/r1" >"$work/index.json"
  [[ $image@sha256:$(sha256sum <"$work/index.json" | cut -d ' ' -f 1) == "$merged" ]] || fail "$merged is not $image:r1"
  python3 - "$work/index.json" <<'PYTHON' || fail "$image: $(cat "$work/index.json")"
import json, sys

manifests = json.load(open(sys.argv[1]))["manifests"]
platforms = sorted(one["platform"]["architecture"] for one in manifests)
described = {one["digest"] for one in manifests if one["platform"]["architecture"] != "unknown"}
attested = {one["annotations"]["vnd.docker.reference.digest"] for one in manifests if one["platform"]["architecture"] == "unknown"}
sys.exit(platforms != ["amd64", "arm64", "unknown", "unknown"] or described != attested)
PYTHON
  for kind in Provenance SBOM; do
    for architecture in amd64 arm64; do
      docker buildx imagetools inspect --format "{{json (index .$kind \"linux/$architecture\")}}" "$image:r1" |
        grep --quiet --extended-regexp 'buildType|stand-in' || fail "$image has no $kind for $architecture"
    done
  done
done

# Everything is scanned, also after the first finding; what is found is not signed.
ends 0 '' "$pipeline" scan
[[ $(sort -u "$SCANS" | wc -l) == 4 ]] || fail "not every image and architecture was scanned: $(cat "$SCANS")"
rm "$SCANS"
SEVERE=linux/amd64 ends 1 'not released' "$pipeline" scan
[[ $(wc -l <"$SCANS") == 4 ]] || fail "the first finding ended the scan: $(cat "$SCANS")"

export SOURCE=https://git.example.com/team/shop COMMIT=0123456789abcdef REF=refs/heads/main
export BUILDER=https://git.example.com/team/shop/.github/workflows/dockwright.yml@refs/heads/main
export RUN=https://git.example.com/team/shop/actions/runs/1
ends 0 '' "$pipeline" sign
verify() { "$tools/usr/bin/cosign" "$1" --key "$work/cosign.pub" --insecure-ignore-tlog "${@:2}"; }
while read -r merged; do
  ends 0 '' verify verify "$merged"
  ends 0 '' verify verify-attestation --type slsaprovenance1 "$merged"
  sed -n 's/.*"payload":"\([^"]*\)".*/\1/p' "$work/said" | base64 --decode >"$work/attested"
  grep --quiet "\"gitCommit\":\"$COMMIT\"" "$work/attested" || fail "the attestation says: $(cat "$work/attested")"
done <digests/merged
# One architecture alone was not signed.
ends 10 'no signatures found' verify verify "$(head -n 1 "digests/$machine")"

echo 'publish: checked, pushed by digest, merged, scanned, signed'
