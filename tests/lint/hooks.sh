#!/usr/bin/env bash
# The hook of .pre-commit-hooks.yaml in a real pre-commit.
#
#   tests/lint/hooks.sh PRE-COMMIT DOCKWRIGHT
set -euo pipefail
cd "$(dirname "$0")/../.."
pre_commit=$1
PATH=$(dirname "$(realpath "$2")"):$PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PRE_COMMIT_HOME=$work/cache GIT_CONFIG_GLOBAL=$work/gitconfig
git config --global user.name lint
git config --global user.email lint@example.com
git config --global init.defaultBranch main

"$pre_commit" validate-manifest .pre-commit-hooks.yaml
git init --quiet "$work/hooks"
cp .pre-commit-hooks.yaml "$work/hooks"
git -C "$work/hooks" add --all
git -C "$work/hooks" commit --quiet --message hooks
git -C "$work/hooks" tag v0.1.0

mkdir "$work/team"
cat >"$work/team/preset.toml" <<'EOF'
name = "team"
version = "1.0.0"
extends = ["fastapi-uvicorn"]
[files."DEPLOY.md"]
ownership = "managed"
EOF
cd "$work"
dockwright new shop --preset ./team --yes >/dev/null
cd shop
git init --quiet
cat >.pre-commit-config.yaml <<'EOF'
repos:
  - repo: ../hooks
    rev: v0.1.0
    hooks:
      - id: dockwright-check-system
EOF
git add --all

# says NAME CODE TEXT: how a run over what is staged ends, and what it says.
says() {
    local code=0
    "$pre_commit" run >"$work/said" 2>&1 || code=$?
    if [[ $code != "$2" ]] || ! grep --quiet "$3" "$work/said"; then
        echo "pre-commit, $1: ended with $code" >&2
        cat "$work/said" >&2
        exit 1
    fi
}
says "a new service" 0 Passed
git commit --quiet --message shop
echo "x = 1" >app/other.py
git add --all
says "code alone" 0 "no files to check"
echo "mine" >>DEPLOY.md
git add --all
says "a managed file that was edited" 1 "DEPLOY.md"
echo "pre-commit: 3 runs of the hook as expected"
