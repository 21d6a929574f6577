# shellcheck shell=bash
# shellcheck disable=SC2034  # the variables are read by the scripts that source this
# Sourced: the base images that generated files name. Each may be set from outside before.

# What the table says that generated files are made from.
in_table() {
    sed -n "/^\[images\]/,/^\[python-images\]/s/^$1 = \"\(.*\)\"\$/\1/p" \
        "${BASH_SOURCE[0]%/*}/../../../../src/catalog/data/versions.toml"
}

PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.14-slim-trixie}
UV_IMAGE=${UV_IMAGE:-$(in_table uv)}
POSTGRES_IMAGE=${POSTGRES_IMAGE:-$(in_table postgres)}
REDIS_IMAGE=${REDIS_IMAGE:-$(in_table redis)}
NGINX_IMAGE=${NGINX_IMAGE:-$(in_table nginx)}
NODE_IMAGE=${NODE_IMAGE:-$(in_table node)}
BASE_IMAGE=dockwright-live/debian:$LIVE_SUITE
