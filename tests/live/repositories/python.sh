#!/usr/bin/env bash
# Makes a Python image as those of the live engine are made, of another Debian suite.
# Takes: 3.13 trixie NAME, and a working `docker`. Gives: the image under that name.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LIVE_SUITE=$2 PYTHON_IMAGE=$3 LIVE_PYTHON=$1
exec "$here/../engine/images.sh"
