#!/usr/bin/env bash
# The step that deploys, with the very commands of a generated pipeline: over a stand-in for ssh, which runs them in a
# directory, from a registry. A release that is healthy stays; one that is not goes back to the one before, also after
# a migration that earlier code does not know; what is not the pipeline's own is refused before anything changes.
#
#   DOCKWRIGHT=… tests/live/pipeline/release.sh
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

name=dockwright-live-release
port=$(free_port)
start_registry
cleanup() {
  for directory in host other; do
    [[ -d $work/$directory ]] && docker compose --project-name "$name" --project-directory "$work/$directory" \
      --file "$work/shop/compose.yaml" --env-file "$work/shop/.env" down --volumes --remove-orphans --timeout 1
  done
  docker image ls --format '{{.Repository}}:{{.Tag}}' "$registry/team/shop" | xargs -r docker image rm --force
}

"$DOCKWRIGHT" new "$work/shop" --yes --preset fastapi-uvicorn --set "project.name=$name" --set "project.port=$port" \
  --set stack.database=postgres --set "images.repository=$registry/team/shop" --set deploy.ci=github >/dev/null
cd "$work/shop"
image=$registry/team/shop

# publish TAG: pushes what was built under it.
publish() {
  docker push --quiet "$image:$1" >/dev/null
  docker image inspect --format '{{join .RepoDigests "\n"}}' "$image:$1" | grep -F "$image@" | tail -n 1
}
TAG=r1 docker compose build --quiet >"$work/build.log" 2>&1 || fail "$(tail -n 20 "$work/build.log")"
first=$(publish r1)

# What comes next brings a migration, and the second one never answers.
head=$(basename "$(ls migrations/versions/0*.py)" .py)
cat >"$work/next.py" <<PYTHON
"""A column that earlier code does not know."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "$(sed -n 's/^revision.*= "\(.*\)"/\1/p' "migrations/versions/$head.py")"


def upgrade() -> None:
    op.add_column("items", sa.Column("note", sa.Text, nullable=True))


def downgrade() -> None:
    op.drop_column("items", "note")
PYTHON
derive() { # TAG DOCKERFILE-LINES
  docker build --quiet --tag "$image:$1" --file - "$work" >/dev/null <<DOCKERFILE
FROM $image:r1
COPY next.py /app/migrations/versions/0002_note.py
$2
DOCKERFILE
}
derive r2 'ENV PYTHONWARNINGS=error::UserWarning
HEALTHCHECK --interval=1s --timeout=1s --retries=3 --start-period=1s CMD ["python", "-c", "raise SystemExit(1)"]'
second=$(publish r2)
derive r3 'LABEL release=3'
third=$(publish r3)
docker image rm --force "$image:r1" "$image:r2" "$image:r3" >/dev/null

# The host, and how it is reached.
mkdir "$work/bin" "$work/host" "$work/other"
cp --preserve=mode .env "$work/host"
cat >"$work/bin/ssh" <<'SSH'
#!/usr/bin/env bash
# Checks what a real one would want, then runs the command here.
set -euo pipefail
while getopts i:p:o: flag; do
  case $flag in
    i) [[ $(stat --format %a "$OPTARG") == 600 && $(cat "$OPTARG") == 'the key' ]] || exit 255 ;;
    o)
      [[ $OPTARG != UserKnownHostsFile=* || $(cat "${OPTARG#*=}") == 'host ssh-ed25519 AAAA' ]] || exit 255
      [[ $OPTARG == StrictHostKeyChecking=yes ]] && strict=true
      ;;
    *) ;;
  esac
done
shift $((OPTIND - 1))
[[ ${strict:-} == true && $1 == deploy@host && $# == 2 ]] || exit 255
exec sh -c "$2"
SSH
chmod +x "$work/bin/ssh"
export DEPLOY_HOST=deploy@host DEPLOY_DIRECTORY=$work/host DEPLOY_KEY='the key' RELEASE_TIMEOUT=60
export DEPLOY_KNOWN_HOSTS='host ssh-ed25519 AAAA' DIGESTS=$work/digests
mkdir "$DIGESTS"

# deploy TAG IMAGE@DIGEST
deploy() {
  printf '%s\n' "$2" >"$DIGESTS/merged"
  PATH="$work/bin:$PATH" deploy/ci/pipeline.sh deploy-host "$1"
}
runs() { # TAG
  local tag
  tag=$(sed -n 's/^TAG=//p' "$work/host/.env")
  [[ $tag == "$1" ]] || fail ".env says $tag and not $1"
  [[ $(stat --format %a "$work/host/.env") == 600 ]] || fail '.env can be read by others'
  docker inspect --format '{{.Config.Image}}' "$name-web-1" | grep --quiet --line-regexp "$image:$1" ||
    fail "$1 does not run"
  curl --silent --fail "http://127.0.0.1:$port/ready" >/dev/null || fail "$1 is not ready"
}
revision() {
  docker exec "$name-db-1" psql --username app --dbname app --tuples-only --no-align \
    --command 'SELECT version_num FROM alembic_version'
}

ends 0 'r1 runs' deploy r1 "$first"
runs r1
ends 1 'rolled back: r1 runs again' deploy r2 "$second"
runs r1
[[ $(revision) == 0002 ]] || fail "the migration of r2 did not run: $(revision)"

# The same with another name for the service, which wants the same port: back to what the earlier file has.
cp compose.yaml "$work/kept.yaml"
sed -i 's/^  web:$/  app:/' compose.yaml
ends 1 'rolled back: r1 runs again' deploy r2 "$second"
runs r1
grep --quiet 'no part of r2 any more, and stopped: web' "$work/said" || fail "it does not say so: $(cat "$work/said")"
docker container inspect "$name-app-1" >/dev/null 2>&1 && fail 'what only the release had runs on'
cmp "$work/kept.yaml" "$work/host/compose.yaml"
cp "$work/kept.yaml" compose.yaml
[[ $(ls -A "$work/host/.release") == $'before\nlock' ]] || fail "left behind: $(ls -A "$work/host/.release")"

# Nothing that is not the pipeline's, and nothing that is not there.
ends 3 'somebody moved the tag; nothing was changed' deploy r3 "$image@sha256:$(printf %064d 0)"
runs r1
ends 3 'cannot be pulled; nothing was changed' deploy r4 "$third"
runs r1
ends 3 "is no image's tag" deploy 'r3;id' "$third"
ends 3 'has no digest' deploy r3 "$image@sha256:\$(id)"
runs r1
DEPLOY_KNOWN_HOSTS=other ends 255 '' deploy r3 "$third"
runs r1
(
  exec 9>"$work/host/.release/lock"
  flock 9
  ends 3 'another release is under way' deploy r3 "$third"
)
sed -i.kept '/^POSTGRES_PASSWORD=/d' "$work/host/.env"
ends 3 'cannot be read with this .env; nothing was changed' deploy r3 "$third"
mv "$work/host/.env.kept" "$work/host/.env"
runs r1

ends 0 'r3 runs' deploy r3 "$third"
runs r3

# A first release that is not healthy has nothing to go back to.
docker compose --project-directory "$work/host" --file "$work/host/compose.yaml" down --volumes --timeout 1 >/dev/null 2>&1
cp --preserve=mode .env "$work/other"
export DEPLOY_DIRECTORY=$work/other
ends 2 'nothing ran before r2 that could run again' deploy r2 "$second"
rm "$work/other/.env"
ends 3 'has no .env' deploy r1 "$first"
echo 'release: a healthy one stays, others go back or are refused'
