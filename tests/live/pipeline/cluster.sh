#!/usr/bin/env bash
# The steps that deploy to Kubernetes and to ECS, with the very commands of a generated pipeline. kubectl is the real
# one, against a stand-in for a cluster (cluster.py); `aws` is a stand-in that notes what it is asked. The migration
# goes first, and nothing follows one that failed; what does not become healthy goes back.
#
#   DOCKWRIGHT=… tests/live/pipeline/cluster.sh
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

kubectl=$(command -v kubectl || true)
[[ -n $kubectl ]] || kubectl=$(unpacked kubernetes-client)/usr/bin/kubectl
mkdir -p "$work/bin" "$work/state" "$work/digests"
python3 "$here/cluster.py" "$work/state" >"$work/port" &
pids+=($!)
until [[ -s $work/port ]]; do sleep 0.1; done

# As it is set up in a job; the stand-in has no schema that kubectl could check objects by.
cat >"$work/bin/kubectl" <<SH
#!/bin/sh
case \$1 in
  kustomize) exec "$kubectl" "\$@" ;;
  apply) set -- "\$@" --validate=false ;;
esac
exec "$kubectl" --server "http://127.0.0.1:$(cat "$work/port")" "\$@"
SH
# aws: a line for each call. MIGRATION is how the task ends, STACK an image that the stack does not take.
cat >"$work/bin/aws" <<'SH'
#!/bin/sh
echo "$*" >>"$ASKED"
case "$1 $2 $*" in
  *OutputKey==\'ClusterName\'*) echo default ;;
  *OutputKey==\'MigrateTask\'*) echo shop-migrate:7 ;;
  *OutputKey==\'MigrateNetwork\'*) echo 'awsvpcConfiguration={subnets=[a],securityGroups=[b]}' ;;
  'ecs run-task '*) echo "${TASK:-arn:aws:ecs:eu-central-1:123456789012:task/default/1}" ;;
  'ecs describe-tasks '*) echo "$MIGRATION" ;;
  'cloudformation deploy '*" Image=$STACK "*) exit 255 ;;
esac
SH
chmod +x "$work/bin"/*
export PATH=$work/bin:$PATH HOME=$work KUBECONFIG=/dev/null DIGESTS=$work/digests ASKED=$work/asked
export RELEASE_TIMEOUT=5 MIGRATION='STOPPED 0 null' STACK=none

"$DOCKWRIGHT" new "$work/shop" --yes --preset celery-postgres-redis --set project.name=shop --set deploy.ci=github \
  --set images.repository=registry.example.com/team/shop --set deploy.target=compose,kubernetes,ecs >/dev/null
cd "$work/shop"
pipeline=deploy/ci/pipeline.sh
image=registry.example.com/team/shop
overlay=deploy/kubernetes/overlays/production/kustomization.yaml

# release NUMBER: what was merged.
release() {
  printf '%s@sha256:%064d\n' "$image" "$1" >"$DIGESTS/merged"
  reference=$image:r$1@$(sed 's/.*@//' "$DIGESTS/merged")
}
# wrote WORDS: the writes since the last call are these.
wrote() {
  local now
  now=$(tail -n +"$((seen + 1))" "$work/state/log")
  seen=$(wc -l <"$work/state/log")
  grep --quiet --extended-regexp "$1" <<<"$now" || fail "not written: $1, but: $now"
  last=$now
}
seen=0
deployments() {
  kubectl --namespace shop get deployments --output 'jsonpath={.items[*].spec.template.spec.containers[*].image}'
}

# The first one makes everything, the migration before the rest.
release 1
ends 0 'r1 runs' "$pipeline" deploy-kubernetes r1
wrote 'create Job'
[[ $(grep --line-number ' Job ' <<<"$last" | cut -d : -f 1) -lt $(grep --line-number ' Deployment ' <<<"$last" | head -n 1 | cut -d : -f 1) ]] ||
  fail "the migration did not go first: $last"
[[ $(deployments) == "$reference $reference $reference" ]] || fail "runs: $(deployments)"
first=$reference
grep --quiet '^  digest: sha256:0*1$' "$overlay" || fail "$(cat "$overlay")"
grep --quiet 'newTag: "r1"' "$overlay" || fail "$(cat "$overlay")"
[[ $(grep --count 'newTag' "$overlay") == 1 ]] || fail "$(cat "$overlay")"

# A migration that fails: nothing else is written.
release 2
echo "$reference" >"$work/state/failing"
ends 1 'the migration failed: nothing was rolled out' "$pipeline" deploy-kubernetes r2
grep --quiet 'what the job said' "$work/said" || fail "its log is not shown: $(cat "$work/said")"
wrote 'create Job'
grep --quiet Deployment <<<"$last" && fail "rolled out nevertheless: $last"
[[ $(deployments) == "$first $first $first" ]] || fail "runs: $(deployments)"

# One that is not healthy: back to the first.
release 3
echo "$reference" >"$work/state/broken"
ends 1 "r3 did not become healthy: shop-" "$pipeline" deploy-kubernetes r3
[[ $(deployments) == "$first $first $first" ]] || fail "runs: $(deployments)"
grep --quiet 'shop-web: rolled back' "$work/said" || fail "it does not say so: $(cat "$work/said")"

release 4
ends 0 'r4 runs' "$pipeline" deploy-kubernetes r4
[[ $(deployments) == "$reference $reference $reference" ]] || fail "runs: $(deployments)"

# Pinned, and nothing applied.
release 5
before=$(wc -l <"$work/state/log")
ends 0 '' "$pipeline" pin r5
[[ $(wc -l <"$work/state/log") == "$before" ]] || fail 'pin has written to the cluster'
kubectl kustomize "${overlay%/*}" | grep --quiet "image: $reference" || fail "$(cat "$overlay")"

# An overlay that does not name the image would deploy something else.
cp "$overlay" "$work/kept"
sed -i 's/^- name: shop$/- name: other/' "$overlay"
ends 1 'which could be this release' "$pipeline" deploy-kubernetes r4
cp "$work/kept" "$overlay"

# ECS: the migration's image, the migration, the services.
asked() { grep --line-number --extended-regexp -- "$1" "$ASKED" | head -n 1 | cut -d : -f 1; }
release 5
digest=$(cat "$DIGESTS/merged")
ends 0 'r5 runs' "$pipeline" deploy-ecs r5
[[ $(asked "MigrationImage=$digest\$") -lt $(asked 'run-task .*shop-migrate:7') &&
  $(asked 'run-task') -lt $(asked " Image=$digest Running=true") ]] || fail "$(cat "$ASKED")"
for ended in 'STOPPED 1 Essential container in task exited' 'STOPPED null TaskFailedToStart'; do
  rm "$ASKED"
  MIGRATION=$ended ends 1 'the migration failed: nothing was rolled out' "$pipeline" deploy-ecs r5
  grep --quiet ' Image=' "$ASKED" && fail "rolled out nevertheless: $(cat "$ASKED")"
done
rm "$ASKED"
TASK=None ends 1 'no task was started' "$pipeline" deploy-ecs r5
STACK=$digest ends 1 'what ran before runs again' "$pipeline" deploy-ecs r5
grep --quiet describe-stack-events "$ASKED" || fail "the reason is not asked for: $(cat "$ASKED")"
echo 'cluster: the migration first, and back where it is not healthy'
