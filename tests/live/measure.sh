#!/usr/bin/env bash
# Measures what processes and containers take under load, beside the figures of src/catalog/data/{memory,frameworks}.toml.
# Takes: DOCKWRIGHT_LIVE_MEASURE (optional): only subjects whose name contains it, such as `flask`.
# Gives: a report on stdout. It takes about a quarter of an hour; the engine is left as it was found.
set -euo pipefail
LIVE_THREADS=1 exec "$(dirname "${BASH_SOURCE[0]}")/run.sh" --ignored --exact --nocapture measure::measure
