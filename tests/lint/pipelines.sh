#!/usr/bin/env bash
# The files of `deploy.ci`: actionlint and zizmor over GitHub's, the JSON schema over GitLab's, yamllint over both, and
# the scripts that they call by shellcheck. For every preset, registries with a login of their own and without,
# a package index behind a login, and code that was there before, with and without a test command.
#
#   tests/lint/pipelines.sh BIN DOCKWRIGHT
#
# Takes: the directory with the linters, which workflows.sh proves but for the schema, and the program.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$1:$PATH" DOCKWRIGHT_NO_DOCKER=1
dockwright=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
written=()
# new NAME ARGUMENT…
new() {
    "$dockwright" new "$work/$1" --yes --set project.name=shop "${@:2}" >"$work/said" 2>&1 || { cat "$work/said" >&2 && exit 1; }
    written+=("$work/$1")
}
# adopt NAME ARGUMENT…
adopt() {
    mkdir -p "$work/$1"
    printf 'fastapi==0.115.0\nuvicorn==0.34.0\npsycopg2==2.9.10\n' >"$work/$1/requirements.txt"
    printf 'from fastapi import FastAPI\n\napp = FastAPI()\n' >"$work/$1/main.py"
    "$dockwright" init "$work/$1" --yes --set project.name=shop "${@:2}" >"$work/said" 2>&1 || { cat "$work/said" >&2 && exit 1; }
    written+=("$work/$1")
}
# own NAME ARGUMENT…: where the repository's own compose file runs the application.
own() {
    mkdir -p "$work/$1/docker"
    cat >"$work/$1/compose.yaml" <<'YAML'
services:
  web:
    image: team/shop:${TAG:-local}
    build: { context: ., dockerfile: docker/Dockerfile, args: { APP_UID: "${UID:-1000}", NOTE: "a ${NOTE} b", TOKEN: } }
    ports: ["8000:8000"]
YAML
    printf 'FROM python:3.12-slim\nARG APP_UID NOTE TOKEN\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["uvicorn", "main:app"]\n' >"$work/$1/docker/Dockerfile"
    adopt "$@" --adopt
}
for ci in github gitlab; do
    for preset in fastapi-uvicorn fastapi-gunicorn django-nginx ml-server celery-postgres-redis; do
        new "$ci-$preset" --preset "$preset" --set "deploy.ci=$ci" --set images.repository=registry.example.com/team/shop
    done
    new "$ci-own" --preset django-nginx --set "deploy.ci=$ci" --set images.repository=ghcr.io/team/shop
    new "$ci-index" --preset django-nginx --set "deploy.ci=$ci" --set images.repository=ghcr.io/team/shop \
        --set network.index=https://pypi.example.com/simple --set network.index-auth=secret
    new "$ci-cluster" --preset celery-postgres-redis --set "deploy.ci=$ci" --set deploy.target=compose,kubernetes,ecs \
        --set images.repository=123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop
    new "$ci-kubernetes" --preset fastapi-uvicorn --set "deploy.ci=$ci" --set deploy.target=kubernetes \
        --set images.repository=registry.example.com/team/shop
    own "$ci-project" --set "deploy.ci=$ci" --set images.repository=team/shop
    adopt "$ci-code" --set "deploy.ci=$ci" --set images.repository=team/shop
    adopt "$ci-tests" --set "deploy.ci=$ci" --set images.repository=team/shop \
        --set "project.tests=python -m unittest discover --start-directory 'the tests'"
done

# As workflows are written: GitHub's `on` is no truth, and a space stands before a comment and inside braces.
style='{
  extends: default,
  rules: {
    line-length: { max: 120 }, truthy: { check-keys: false }, document-start: disable,
    comments: { min-spaces-from-content: 1 }, braces: { max-spaces-inside: 1 }
  }
}'
for directory in "${written[@]}"; do
    cd "$directory"
    shellcheck deploy/ci/*.sh
    if [[ -e .github ]]; then
        mapfile -t files < <(find .github -name '*.yml')
        [[ ${#files[@]} == 1 ]] || { echo "$directory: ${files[*]}" >&2 && exit 1; }
        actionlint "${files[@]}"
        zizmor --quiet --offline --no-progress --persona pedantic "${files[@]}"
    else
        mapfile -t files < <(find . -name '*gitlab-ci.yml')
        [[ ${#files[@]} -ge 1 ]]
        check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "${files[@]}" >"$work/said" || { cat "$work/said" >&2 && exit 1; }
    fi
    yamllint --strict --config-data "$style" "${files[@]}"
done

planted=$work/gitlab-cluster/deploy/ci/dockwright.gitlab-ci.yml
sed -i 's/^    name: production$/    nam: production/' "$planted"
if check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "$planted" >/dev/null 2>&1; then
    echo 'the schema of GitLab finds nothing wrong with a planted fault' >&2
    exit 1
fi
echo "pipelines: of ${#written[@]} stacks, nothing found"
