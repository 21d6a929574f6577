#!/usr/bin/env bash
# Runs checkouts of real repositories on the live engine, each as it is and as dockwright leaves it, and prints a table:
# whether Compose takes the files, whether they build, whether `up --wait` ends well, and what the published ports answer.
# Takes: [--ways before,adopt,rewrite,generated] [--json FILE] CHECKOUT..., each a directory that is only read.
# Gives: the table on stdout; exit 1 where something that works as it is does not work after `adopt`.
# Images that no registry hands out here are stood in for by the nearest that can be made from Debian, and the table
# says which; a repository that needs others is not judged.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment=$("$here/engine/up.sh")
eval "$environment"
cargo build --quiet --locked --manifest-path "$here/../../Cargo.toml"
exec python3 "$here/repositories/table.py" "$@"
