#!/usr/bin/env bash
# actionlint and zizmor over the project's own workflows, its action, and the workflow that others copy.
# zizmor as strict as it is, and offline: what it would ask the code host stays unasked.
#
#   tests/lint/workflows.sh BIN
#
# Takes: the directory with both and shellcheck. Each is proven by a workflow with faults in it.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$1:$PATH"

workflows=(.github/workflows/*.yml ci/github/*.yml)
actionlint "${workflows[@]}"
zizmor --quiet --offline --no-progress --persona pedantic "${workflows[@]}" action.yml

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
mkdir -p "$planted/.github/workflows"
cat >"$planted/.github/workflows/faults.yml" <<'YAML'
name: faults
on: issues
jobs:
  one:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v6
      - run: echo ${{ github.event.issue.title }} $unquoted
YAML

# finds LINTER WORDS COMMAND…: fails where the command does not find what was planted.
finds() {
    local linter=$1 words=$2 said
    shift 2
    said=$("$@" 2>&1) && { echo "$linter finds nothing wrong with planted faults" >&2 && exit 1; }
    grep --quiet "$words" <<<"$said" || { echo "$linter does not find $words: $said" >&2 && exit 1; }
}
finds actionlint SC2086 actionlint "$planted/.github/workflows/faults.yml"
finds actionlint 'potentially untrusted' actionlint "$planted/.github/workflows/faults.yml"
for audit in unpinned-uses template-injection artipacked excessive-permissions; do
    finds zizmor "$audit" zizmor --offline --no-progress --persona pedantic "$planted/.github/workflows/faults.yml"
done
echo "workflows: ${#workflows[@]} and the action, nothing found by actionlint and zizmor"
