#!/usr/bin/env bash
# Keeps one pull request with what tests/tools/refresh.py changed.
#
#   refresh-request.sh DIRECTORY
#
# DIRECTORY has refresh.patch and summary.md; the checkout is of the branch that the request
# goes to. Needs git and gh. A branch with commits of people is left alone, and that is said.
#
# Environment: GH_TOKEN, with contents and pull-requests to write; TESTS, `success` or what
# else became of the tests; what GitHub sets: GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_REF_NAME.
set -euo pipefail

branch=refresh/tables
email=dockwright@users.noreply.invalid
from=${1:?is the directory with refresh.patch and summary.md}
base=${GITHUB_REF_NAME:?}
remote=${GITHUB_SERVER_URL:?}/${GITHUB_REPOSITORY:?}
: "${GH_TOKEN:?is the token of the job}"

# The token reaches git by its environment: every process sees the arguments of others.
login=$(printf 'x-access-token:%s' "$GH_TOKEN" | base64 | tr -d '\n')
remote_git() {
    GIT_TERMINAL_PROMPT=0 GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraHeader" \
        GIT_CONFIG_VALUE_0="Authorization: Basic $login" git -c core.hooksPath=/dev/null "$@"
}

expect=""
if there=$(remote_git ls-remote --exit-code "$remote" "refs/heads/$branch"); then
    expect=${there%%[[:space:]]*}
    remote_git fetch --quiet --depth=20 "$remote" "refs/heads/$branch"
    if [[ $(git log -1 --format=%ae "$expect") != "$email" ]]; then
        echo "refresh-request: $branch has commits of somebody else on it: it is left as it is" >&2
        exit 0
    fi
fi

git apply --index "$from/refresh.patch"
git -c user.name=dockwright -c "user.email=$email" commit --quiet --message "Tables are read anew: newer versions and their days"
# Only over what was looked at.
remote_git push --quiet "--force-with-lease=refs/heads/$branch:$expect" "$remote" "HEAD:refs/heads/$branch"

body=$(mktemp)
trap 'rm -f "$body"' EXIT
{
    echo "Every table that ages was asked for anew by \`tests/tools/refresh.py\`, and what follows was written."
    echo
    cat "$from/summary.md"
    echo
    if [[ ${TESTS:-} == success ]]; then
        echo "\`cargo test\` passed with it."
    else
        echo "**\`cargo test\` did not pass with it**: the run that opened this has its log."
    fi
} >"$body"

title="Newer versions in the tables"
number=$(gh pr list --repo "$GITHUB_REPOSITORY" --head "$branch" --base "$base" --state open --json number --jq '.[0].number // empty')
if [[ -n $number ]]; then
    gh pr edit "$number" --repo "$GITHUB_REPOSITORY" --title "$title" --body-file "$body"
else
    set -- --repo "$GITHUB_REPOSITORY" --head "$branch" --base "$base" --title "$title" --body-file "$body"
    if [[ ${TESTS:-} != success ]]; then set -- "$@" --draft; fi
    gh pr create "$@"
fi
