#!/bin/sh
# Runs `dockwright update` and keeps one pull or merge request with what it did.
#
#   update-request.sh [DIR…]
#
# For a scheduled job of GitHub Actions or GitLab CI, in a checkout of the branch that the
# request goes to. It needs dockwright, git, curl and jq, and leaves the checkout as it is.
#
#   nothing new      an open request of an earlier run is closed, its branch removed
#   something new    the branch is pushed where its content differs; the request is opened or refreshed
#   conflicts        the same as a draft that names files and lines; the branch has conflict markers
#   commits of people on the branch, or a request that people closed: nothing is touched
#
# Environment
#   GITHUB_TOKEN             on GitHub: contents and pull-requests, both to write
#   GITLAB_TOKEN             on GitLab: a project access token with api and write_repository
#   DOCKWRIGHT_UPDATE_FLAGS  flags of `dockwright update`, by default --latest
#   DOCKWRIGHT_GIT_NAME, DOCKWRIGHT_GIT_EMAIL  the author of the commit
# Everything else is what the host sets: GITHUB_API_URL, GITHUB_SERVER_URL, GITHUB_REPOSITORY and
# GITHUB_REF_NAME; CI_API_V4_URL, CI_SERVER_URL, CI_PROJECT_ID, CI_PROJECT_URL and CI_COMMIT_REF_NAME.
set -eu

branch=dockwright/update
name=${DOCKWRIGHT_GIT_NAME:-dockwright}
email=${DOCKWRIGHT_GIT_EMAIL:-dockwright@users.noreply.invalid}

say() { printf 'update-request: %s\n' "$*" >&2; }
fail() { say "$1"; exit "${2:-3}"; }

for tool in dockwright git curl jq; do
    command -v "$tool" >/dev/null || fail "$tool is not on PATH"
done

if [ -n "${CI_API_V4_URL:-}" ]; then
    host=gitlab
    server=${CI_SERVER_URL:?}
    base=${CI_COMMIT_REF_NAME:?}
    remote=${CI_PROJECT_URL:?}.git
    requests=$CI_API_V4_URL/projects/${CI_PROJECT_ID:?}/merge_requests
    query="source_branch=$branch&target_branch=$base"
    header="PRIVATE-TOKEN: ${GITLAB_TOKEN:?is a project access token with api and write_repository}"
    login=oauth2:$GITLAB_TOKEN
elif [ -n "${GITHUB_API_URL:-}" ]; then
    host=github
    server=${GITHUB_SERVER_URL:?}
    base=${GITHUB_REF_NAME:?}
    remote=$server/${GITHUB_REPOSITORY:?}
    requests=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/pulls
    query="head=${GITHUB_REPOSITORY%%/*}:$branch&base=$base"
    header="Authorization: Bearer ${GITHUB_TOKEN:?is the token of the job, with contents and pull-requests to write}"
    login=x-access-token:$GITHUB_TOKEN
else
    fail "neither CI_API_V4_URL nor GITHUB_API_URL is set: this is for a job of GitLab CI or GitHub Actions" 2
fi
[ "$base" != "$branch" ] || { say "on $branch itself there is nothing to do"; exit 0; }

work=$(mktemp -d)
top=$(git rev-parse --show-toplevel)
below=$(git rev-parse --show-prefix)
clean() {
    git -C "$top" worktree remove --force "$work/tree" 2>/dev/null || :
    git -C "$top" update-ref -d refs/dockwright/update || :
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

# The token reaches git by its environment and curl by a file: every process sees the arguments of others.
GIT_CONFIG_VALUE_1="Authorization: Basic $(printf %s "$login" | base64 | tr -d '\n')"
(umask 077 && printf '%s\n' "$header" >"$work/header")

remote_git() {
    GIT_TERMINAL_PROMPT=0 GIT_CONFIG_COUNT=2 GIT_CONFIG_VALUE_1=$GIT_CONFIG_VALUE_1 GIT_CONFIG_VALUE_0='' \
        GIT_CONFIG_KEY_0=http.$server/.extraHeader GIT_CONFIG_KEY_1=http.$server/.extraHeader \
        git -C "$top" -c core.hooksPath=/dev/null "$@"
}

# api METHOD URL [JSON FILE]: the answer is in $work/answer.
api() {
    status=$(curl --silent --show-error --max-time 60 --request "$1" --header "@$work/header" \
        --header 'Accept: application/json' --header 'Content-Type: application/json' \
        ${3:+--data-binary "@$3"} --output "$work/answer" --write-out '%{http_code}' "$2") ||
        fail "$1 $2: no answer"
    case $status in
        2*) ;;
        *) say "$1 $2: $status $(head -c 300 "$work/answer")"; return 1 ;;
    esac
}

# Every request of the branch in one shape, in $work/requests.
list() {
    api GET "$requests?$query&state=all&per_page=100"
    jq '[.[] | {
        number: (.iid // .number),
        state: (if .merged_at != null then "merged" elif .state == "opened" then "open" else .state end),
        commit: (.sha // .head.sha), draft, title, body: (.description // .body), url: (.web_url // .html_url)
    }]' "$work/answer" >"$work/requests"
}

# A field of the open request; empty where there is none.
opened() { jq --raw-output "map(select(.state == \"open\")) | first | .$1 | values" "$work/requests"; }

# change JSON: of the open request.
change() {
    printf '%s' "$1" >"$work/change"
    method=PATCH
    [ "$host" = github ] || method=PUT
    api "$method" "$requests/$(opened number)" "$work/change"
}

# shut WHY: the text goes with the mark in it, which tells this from people who close a request.
shut() {
    [ -n "$(opened number)" ] || return 0
    if [ "$host" = gitlab ]; then
        change "$(jq --null-input --arg why "$1" '{state_event: "close", description: $why}')"
    else
        change "$(jq --null-input --arg why "$1" '{state: "closed", body: $why}')"
    fi
    say "closed $(opened url): $1"
}

# start DRAFT
start() {
    jq --null-input --arg title "$title" --rawfile text "$work/body" --arg from "$branch" --arg to "$base" \
        --arg host "$host" --argjson draft "$1" '{title: $title} + if $host == "gitlab"
            then {description: $text, source_branch: $from, target_branch: $to, remove_source_branch: true}
            else {body: $text, head: $from, base: $to, draft: $draft} end' >"$work/start"
    api POST "$requests" "$work/start" || return 1
    say "opened $(jq --raw-output '.web_url // .html_url' "$work/answer")"
}

refresh() {
    change "$(jq --null-input --arg title "$title" --rawfile text "$work/body" --arg host "$host" \
        '{title: $title} + if $host == "gitlab" then {description: $text} else {body: $text} end')"
    say "refreshed $(opened url)"
}

# What stands on the branch, if it is there.
there=
remote_git ls-remote "$remote" "refs/heads/$branch" >"$work/branch" || fail "$remote cannot be reached"
if [ -s "$work/branch" ]; then
    depth=
    [ "$(git rev-parse --is-shallow-repository)" = false ] || depth=--depth=1
    remote_git fetch --quiet --no-tags ${depth:+"$depth"} "$remote" "+refs/heads/$branch:refs/dockwright/update"
    there=$(git rev-parse refs/dockwright/update)
fi
list
merged() { jq --exit-status --arg commit "$there" 'any(.[]; .state == "merged" and .commit == $commit)' "$work/requests" >/dev/null; }
# Whether nobody else's work is lost without the branch.
ours() { [ "$(git -C "$top" show --no-patch --format=%ce "$there")" = "$email" ] || merged; }

# The update, in a tree of its own.
git -c core.hooksPath=/dev/null worktree add --quiet --detach "$work/tree" HEAD
cd "$work/tree/$below"
[ $# -gt 0 ] || set -- .
update() {
    code=0
    # Flags are words.
    # shellcheck disable=SC2086
    dockwright update ${DOCKWRIGHT_UPDATE_FLAGS---latest} --yes "$@" >"$work/report" 2>"$work/errors" || code=$?
    cat "$work/report" "$work/errors" >&2
}
update "$@"
conflicts=false
if [ "$code" = 1 ]; then
    conflicts=true
    update --conflict markers "$@"
fi
[ "$code" -le 1 ] || fail "dockwright update ended with $code" "$code"

git add --all "$work/tree"
if git diff --cached --quiet; then
    [ "$conflicts" = false ] || fail "conflicts are open on $base itself: resolve them there" 1
    if [ -n "$there" ] && ours; then
        shut "$base is up to date."
        remote_git push --quiet --force-with-lease="refs/heads/$branch:$there" "$remote" ":refs/heads/$branch"
    fi
    say "$base is up to date"
    exit 0
fi
if [ -n "$there" ] && ! ours; then
    say "$branch has commits of people and stays as it is: merge it, or delete it to start anew"
    exit 0
fi

# The same change on another commit is known again by it.
mark="<!-- dockwright-update $(git diff --cached | git patch-id --stable | cut -d ' ' -f 1) -->"
if [ -z "$(opened number)" ] && jq --exit-status --arg mark "$mark" \
    'any(.[]; .state == "closed" and (.body // "" | contains($mark)))' "$work/requests" >/dev/null; then
    say "people closed a request with this change: there is none until there is something else"
    exit 0
fi

# `acme 1.0.0 → 2.0.0`, of one directory.
what=$(head -n 1 "$work/report")
[ $# -eq 1 ] || what="$# directories"
title="dockwright: $what"
if [ "$conflicts" = true ]; then
    title="dockwright, with conflicts: $what"
    [ "$host" = github ] || title="Draft: $title"
fi
{
    if [ "$conflicts" = true ]; then
        cat <<'EOF'
Both sides changed the same lines. The branch has both, between conflict markers, and this is a draft
until they are resolved on the branch. To take one side of a whole file, run `dockwright update` on the
target branch with `--keep PATH` or `--take PATH`.

EOF
    fi
    sed 's/^/    /' "$work/report" "$work/errors" | head -c 50000
    cat <<EOF

Made by dockwright. It is refreshed until people commit to \`$branch\`, and is not opened again once
people close it, until there is something else.
$mark
EOF
} >"$work/body"

git -c core.hooksPath=/dev/null -c commit.gpgSign=false -c user.name="$name" -c user.email="$email" \
    commit --quiet --message "dockwright: $what"
commit=$(git rev-parse HEAD)
pushed=false
if [ -n "$there" ] && git diff --quiet "$there" "$commit"; then
    say "$branch has this already"
else
    remote_git push --quiet --force-with-lease="refs/heads/$branch:$there" "$remote" "$commit:refs/heads/$branch"
    say "pushed $commit to $branch"
    pushed=true
fi

# GitHub's REST interface makes no draft of a request, nor the other way round.
case "$host $conflicts $(opened draft) $(opened title)" in
    "github false true "* | "github true false dockwright: "*)
        shut "Another request takes the place of this one."
        list
        ;;
esac
if [ -z "$(opened number)" ]; then
    # Not every plan of GitHub has drafts.
    start "$conflicts" || { [ "$conflicts" = true ] && start false; } || exit 3
elif [ "$pushed" = true ] || [ "$(opened title)" != "$title" ]; then
    refresh
fi
