#!/usr/bin/env bash
# The hook that docs/receive.md shows, in a real pre-commit that installs the wheel for it.
#
#   tests/release/hook.sh PRE-COMMIT DIST
set -euo pipefail
cd "$(dirname "$0")/../.."
pre_commit=$1 dist=$(realpath "$2")
page=$PWD/docs/receive.md

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PRE_COMMIT_HOME=$work/cache GIT_CONFIG_GLOBAL=$work/gitconfig PIP_FIND_LINKS=$dist
# The index is there for what pre-commit itself wants; a dockwright of it is another than this wheel.
wheel=$(basename "$dist"/dockwright-*.whl)
git config --global user.name lint
git config --global user.email lint@example.com
git config --global init.defaultBranch main

mkdir "$work/shop"
cd "$work/shop"
git init --quiet
awk '/^```yaml$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$page" >.pre-commit-config.yaml
grep --quiet 'language: python' .pre-commit-config.yaml || { echo "hook: docs/receive.md shows none" >&2 && exit 1; }

# says NAME CODE TEXT: how a run over what is staged ends, and what it says.
says() {
    local code=0
    git add --all
    "$pre_commit" run >"$work/said" 2>&1 || code=$?
    if [[ $code != "$2" ]] || ! grep --quiet "$3" "$work/said"; then
        echo "hook, $1: ended with $code" >&2
        cat "$work/said" >&2
        exit 1
    fi
}
says "nothing that dockwright made" 1 "has no .dockwright/lock.toml"
binary=$(find "$work/cache" -path '*/bin/dockwright' -type f)
python3 -c 'import sys, zipfile; wheel = zipfile.ZipFile(sys.argv[1])
entry, = (name for name in wheel.namelist() if name.endswith(".data/scripts/dockwright"))
sys.exit(wheel.read(entry) != open(sys.argv[2], "rb").read())' "$dist/$wheel" "$binary" ||
    { echo "hook: $binary is not what is in $wheel" >&2 && exit 1; }
mkdir "$work/team"
cat >"$work/team/preset.toml" <<'PRESET'
name = "team"
version = "1.0.0"
extends = ["fastapi-uvicorn"]
[files."DEPLOY.md"]
ownership = "managed"
PRESET
"$binary" new service --preset ../team --yes >/dev/null
cp -r service/. . && rm -r service
says "a new service" 0 Passed
echo "# mine" >>compose.yaml
says "an edit of one's own" 0 Passed
echo "mine" >>DEPLOY.md
says "an edit of what is the team's" 1 DEPLOY.md
echo "hook: 4 runs by the wheel as expected"
