#!/bin/sh
# Checks that the environment is complete, all of it at once, then becomes the command.
# Migrations do not belong here: every replica would run them.
set -eu

complete=true

require() {
    if [ -z "$(printenv "$1")" ]; then
        echo "entrypoint: $1 is not set: $2" >&2
        complete=false
    fi
}

require SECRET_KEY "put a long random value into .env (.env.example has a command for one)"
require DATABASE_URL "compose.yaml builds it from POSTGRES_PASSWORD in .env"
require CACHE_URL "compose.yaml builds it from CACHE_PASSWORD in .env"
require CELERY_BROKER_URL "compose.yaml builds it from REDIS_PASSWORD in .env"
require CELERY_RESULT_BACKEND "compose.yaml builds it from REDIS_PASSWORD in .env"

if [ "$complete" = false ]; then
    exit 1
fi

exec "$@"
