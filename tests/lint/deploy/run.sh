#!/usr/bin/env bash
# Linters and rules of one's own over the files of `deploy.target = "kubernetes"` and `"ecs"`; ../README.md says which.
# Ends with 1 on any finding, and where a check does not find the faults that are planted for it.
#
#   tests/lint/deploy/run.sh BIN DOCKWRIGHT [--keep] [DIRECTORY...]
#
# Takes: the directory of the linters (../tools.sh made it) and the binary. With directories, those that dockwright
# wrote into are judged; without, what it writes for a dozen stacks, and every example that has such files.
set -euo pipefail
cd "$(dirname "$0")/../../.."
bin=$1 dockwright=$2
shift 2
PYTHONPATH=tests/lint exec "$bin/python" -B tests/lint/deploy/check.py --bin "$bin" --dockwright "$dockwright" "$@"
