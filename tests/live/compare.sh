#!/usr/bin/env bash
# Compares what `dockwright new` plans with the numbers of usual recipes: the same code, images and host, in turn, under
# load. README.md says what and how; comparison.md holds the figures.
#
#   tests/live/compare.sh                             # everything, at 1 and at 2 CPUs: 35 minutes
#   tests/live/compare.sh --cpus 2 django celery      # only these; --help names all options
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

environment=$("$here/engine/up.sh")
eval "$environment"
# shellcheck source-path=SCRIPTDIR source=engine/lib.sh
source "$here/engine/lib.sh"
# shellcheck source-path=SCRIPTDIR source=engine/images/names.sh
source "$here/engine/images/names.sh"
image=dockwright-live/load:local
docker build --quiet --tag "$image" --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE" "$here/compare" >&2
cargo build --quiet --locked
exec python3 -B "$here/compare/compare.py" --image "$image" --dockwright "${CARGO_TARGET_DIR:-$PWD/target}/debug/dockwright" "$@"
