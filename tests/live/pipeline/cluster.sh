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
# aws: a line for each call. MIGRATION is how the task ends, TASKS what runs of it before, and the stack is the file
# $work/stack: its status, when it changed, and whether it runs which image. A deployment does what DEPLOY says.
cat >"$work/bin/aws" <<'SH'
#!/bin/bash
echo "$*" >>"$ASKED"
[[ ! -e $STATE/expired ]] || { echo 'ExpiredTokenException' >&2 && exit 254; }
case "$1 $2 $*" in
  'cloudformation describe-stacks '*StackStatus*)
    [[ -e $STATE/stack ]] || { echo 'Stack with id shop does not exist' >&2 && exit 254; }
    tr ' ' '\t' <"$STATE/stack"
    ;;
  'cloudformation describe-stacks '*OutputValue*)
    printf '%s\t%s\n' Region eu-central-1 ExecutionRoleArn arn:aws:iam::123456789012:role/shop SecretsArn \
      arn:aws:ssm:eu-central-1:123456789012:parameter/shop ClusterName default RegistryLogin "${LOGIN:-none}" \
      MigrateNetwork 'awsvpcConfiguration={subnets=[a],securityGroups=[b]}' | grep -v "^${MISSING:-none}"
    ;;
  'ecs list-tasks '*) echo "${TASKS:-}" ;;
  'ecs register-task-definition '*)
    for word in "$@"; do [[ $word != file://* ]] || cp "${word#file://}" "$STATE/registered.json"; done
    echo arn:aws:ecs:eu-central-1:123456789012:task-definition/shop-migrate:8
    ;;
  'ecs run-task '*) echo "${TASK:-arn:aws:ecs:eu-central-1:123456789012:task/default/1}" ;;
  'ecs describe-tasks '*) eval "${ON_TASK:-}"; echo "$MIGRATION" ;;
  'cloudformation deploy '*) eval "$DEPLOY" ;;
esac
SH
chmod +x "$work/bin"/*
export PATH=$work/bin:$PATH HOME=$work KUBECONFIG=/dev/null DIGESTS=$work/digests ASKED=$work/asked
export STATE=$work/state RELEASE_TIMEOUT=5 MIGRATION='STOPPED 0 null'

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

# The same again: a migration that ended well is not run twice.
ends 0 'ended well before, and does not run again' "$pipeline" deploy-kubernetes r1
wrote .
grep --quiet ' Job ' <<<"$last" && fail "the migration ran again: $last"

# A migration that fails: nothing else is written.
release 2
echo "$reference" >"$work/state/failing"
ends 1 'the migration failed: nothing was rolled out' "$pipeline" deploy-kubernetes r2
grep --quiet 'what the job said' "$work/said" || fail "its log is not shown: $(cat "$work/said")"
wrote 'create Job'
grep --quiet Deployment <<<"$last" && fail "rolled out nevertheless: $last"
[[ $(deployments) == "$first $first $first" ]] || fail "runs: $(deployments)"

# The same release again, once what it failed of is mended: the Job is deleted and made anew.
rm "$work/state/failing"
echo "$reference" >"$work/state/running"
MIGRATION_TIMEOUT=1 ends 1 'is not seen to end' "$pipeline" deploy-kubernetes r2
grep --quiet 'failed before, and is deleted to run again' "$work/said" || fail "it does not say so: $(cat "$work/said")"
wrote 'delete Job'
[[ $(tail -n 1 <<<"$last") == 'create Job'* ]] || fail "it is not made anew: $last"
# One that runs is waited for.
(sleep 3 && rm "$work/state/running") &
ends 0 'r2 runs' "$pipeline" deploy-kubernetes r2
grep --quiet 'runs already, and is waited for' "$work/said" || fail "it does not say so: $(cat "$work/said")"
wrote 'change Deployment'
grep --quiet --extended-regexp '(create|delete) Job' <<<"$last" && fail "the migration ran twice: $last"
[[ $(deployments) == "$reference $reference $reference" ]] || fail "runs: $(deployments)"
first=$reference

# What is not all taken is said with what was, and goes back.
release 6
echo Deployment/shop-worker >"$work/state/refused"
ends 1 'r6 was not applied as a whole; what ran before runs again' "$pipeline" deploy-kubernetes r6
grep --quiet 'not taken' "$work/said" || fail "kubectl's word is not shown: $(cat "$work/said")"
grep --quiet '^  deployment.apps/shop-web$' "$work/said" || fail "what was applied is not said: $(cat "$work/said")"
grep --quiet --extended-regexp 'r6 runs|shop-worker: rolled back' "$work/said" && fail "$(cat "$work/said")"
[[ $(deployments) == "$first $first $first" ]] || fail "runs: $(deployments)"
# The same of what the migration reads.
release 7
echo ConfigMap >"$work/state/refused"
ends 1 'nothing was rolled out' "$pipeline" deploy-kubernetes r7
grep --quiet 'the migration may run' "$work/said" || fail "it does not say so: $(cat "$work/said")"
rm "$work/state/refused"
seen=$(wc -l <"$work/state/log")

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
ends 3 'which could be this release' "$pipeline" deploy-kubernetes r4
cp "$work/kept" "$overlay"

# What cannot be a tag, or cannot be built, leaves the overlay as it is.
for tag in '1"x' 'a: b' '-r1' .r1 "$(printf %0129d 0)"; do
  ends 3 'nothing was changed' "$pipeline" pin "$tag"
  cmp "$work/kept" "$overlay"
done
sed -i 's,^- ../../base$,- ../../missing,' "$overlay"
cp "$overlay" "$work/broken"
ends 3 'nothing was changed' "$pipeline" pin r4
cmp "$work/broken" "$overlay"
cp "$work/kept" "$overlay"
[[ $(ls deploy/kubernetes/overlays) == $'dev\nproduction' ]] || fail "left behind: $(ls deploy/kubernetes/overlays)"

# Nothing that was merged, or not this image.
for text in '' "$image-other@sha256:$(printf %064d 1)" "$image@sha256:"; do
  printf '%s' "$text" >"$DIGESTS/merged"
  ends 3 'nothing was changed' "$pipeline" deploy-kubernetes r4
  ends 3 'nothing was changed' "$pipeline" deploy-ecs r4
done
rm "$DIGESTS/merged"
ends 3 'nothing was merged' "$pipeline" deploy-kubernetes r4
ends 1 'nothing was merged' "$pipeline" scan

# Without a namespace in the overlay, the one that kubectl is set up for: not that of an object which has another.
sed -i 's/^namespace: shop$//' "$overlay"
cat >"${overlay%/*}/elsewhere.yaml" <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: { name: dashboard, namespace: monitoring }
YAML
sed -i 's,^- ../../base$,- ../../base\n- elsewhere.yaml,' "$overlay"
release 8
ends 0 'r8 runs' "$pipeline" deploy-kubernetes r8
[[ $(kubectl --namespace default get deployments --output 'jsonpath={.items[*].spec.template.spec.containers[*].image}') == \
  "$reference $reference $reference" ]] || fail "$(cat "$work/said")"
cp "$work/kept" "$overlay"

# Without a migration there is one step.
(
  "$DOCKWRIGHT" new "$work/plain" --yes --preset fastapi-uvicorn --set project.name=plain --set deploy.ci=github \
    --set images.repository=$image --set deploy.target=kubernetes >/dev/null
  cd "$work/plain"
  ends 0 'r8 runs' "$pipeline" deploy-kubernetes r8
  [[ $(kubectl --namespace plain get deployments --output 'jsonpath={.items[*].spec.template.spec.containers[*].image}') == \
    "$reference" ]] || fail "$(cat "$work/said")"
)

# A cluster that does not answer: nothing is claimed of it.
release 9
mv "$work/bin/kubectl" "$work/bin/kubectl.kept"
sed 's/127.0.0.1:[0-9]*/127.0.0.1:1/' "$work/bin/kubectl.kept" >"$work/bin/kubectl" && chmod +x "$work/bin/kubectl"
ends 3 'nothing was changed' "$pipeline" deploy-kubernetes r9
mv "$work/bin/kubectl.kept" "$work/bin/kubectl"

# ECS: the migration by a definition of its own, then the stack.
asked() { grep --line-number --extended-regexp -- "$1" "$ASKED" | head -n 1 | cut -d : -f 1; }
release 5
digest=$(cat "$DIGESTS/merged")
standing="UPDATE_COMPLETE 2026-01-01 true $image@sha256:old"
export DEPLOY=true
# ecs CODE WORDS: the step, with a stack that stands as it does.
ecs() {
  rm -f "$ASKED"
  echo "${STANDING:-$standing}" >"$STATE/stack"
  ends "$1" "$2" "$pipeline" deploy-ecs r5
  rm -f "$STATE/expired"
}
ecs 0 'r5 runs'
[[ $(asked 'register-task-definition') -lt $(asked 'run-task .*shop-migrate:8') &&
  $(asked 'run-task') -lt $(asked "cloudformation deploy .* Image=$digest Running=true") ]] || fail "$(cat "$ASKED")"
[[ $(grep --count 'cloudformation deploy' "$ASKED") == 1 ]] || fail "the stack changes twice: $(cat "$ASKED")"
python3 - "$STATE/registered.json" "$digest" <<'PY'
import json, sys
definition = json.load(open(sys.argv[1]))
container = definition["containerDefinitions"][0]
assert container["image"] == sys.argv[2], container
assert definition["executionRoleArn"] == "arn:aws:iam::123456789012:role/shop", definition
assert container["secrets"][0]["valueFrom"].startswith("arn:aws:ssm:eu-central-1:123456789012:parameter/shop/"), container
assert "repositoryCredentials" not in container, container
PY
login=arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/registry-AbCdEf
LOGIN=$login ecs 0 'r5 runs'
grep --quiet --fixed-strings "\"credentialsParameter\": \"$login\"" "$STATE/registered.json" ||
  fail "without the registry's login: $(cat "$STATE/registered.json")"
for ended in 'STOPPED 1 Essential container in task exited' 'STOPPED null TaskFailedToStart'; do
  MIGRATION=$ended ecs 1 'the migration failed: nothing was rolled out'
  grep --quiet 'cloudformation deploy' "$ASKED" && fail "rolled out nevertheless: $(cat "$ASKED")"
done
TASK=None ecs 3 'no task was started'
TASKS=arn:aws:ecs:eu-central-1:123456789012:task/default/0 ecs 3 'a migration runs already'
MISSING=Region ecs 3 'the stack has no output Region'
STANDING="UPDATE_IN_PROGRESS 2026-01-01 true other" ecs 3 'the stack is being changed'
MIGRATION_TIMEOUT=1 MIGRATION=RUNNING ecs 1 'is not seen to end, and may run on'
# shellcheck disable=SC2016 # the stand-in expands it
ON_TASK='touch "$STATE/expired"; exit 254' MIGRATION_TIMEOUT=1 ecs 1 'it cannot be asked'
touch "$STATE/expired"
ecs 3 'cannot be asked'

# What became of it is asked for, and not guessed.
after() { DEPLOY="echo '$1' >\"\$STATE/stack\"; exit 255" ecs "$2" "$3"; }
after "UPDATE_ROLLBACK_COMPLETE 2026-01-02 true $image@sha256:old" 1 'did not become healthy, and what ran before runs again'
grep --quiet describe-stack-events "$ASKED" || fail "the reason is not asked for: $(cat "$ASKED")"
after "UPDATE_ROLLBACK_FAILED 2026-01-02 true $digest" 2 'what runs is not known'
after "$standing" 1 'the stack did not take r5: nothing was rolled out'
after "UPDATE_COMPLETE 2026-01-02 true $digest" 0 'r5 runs'
after "UPDATE_COMPLETE 2026-01-02 true other" 2 'somebody else'
STANDING="CREATE_COMPLETE None false $digest" after "UPDATE_ROLLBACK_COMPLETE 2026-01-02 false $digest" 2 'nothing ran before'
# shellcheck disable=SC2016 # the stand-in expands it
DEPLOY='touch "$STATE/expired"; exit 254' ecs 2 'is not known'
grep --quiet 'runs again' "$work/said" && fail "it is said nevertheless: $(cat "$work/said")"
rm "$STATE/stack" "$ASKED"
ends 3 'is made by hand' "$pipeline" deploy-ecs r5
echo 'cluster: the migration first, and back where it is not healthy'
