# shellcheck shell=bash
# shellcheck disable=SC2034  # the variables are read by the scripts that source this
# Sourced: the base images that generated files name. Each may be set from outside before.

PYTHON_IMAGE=${PYTHON_IMAGE:-python:3.14-slim-trixie}
UV_IMAGE=${UV_IMAGE:-ghcr.io/astral-sh/uv:0.13.8}
POSTGRES_IMAGE=${POSTGRES_IMAGE:-postgres:18-trixie}
REDIS_IMAGE=${REDIS_IMAGE:-redis:8-trixie}
NGINX_IMAGE=${NGINX_IMAGE:-nginx:1.30-trixie}
NODE_IMAGE=${NODE_IMAGE:-node:24-slim}
BASE_IMAGE=dockwright-live/debian:$LIVE_SUITE
