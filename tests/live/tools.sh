#!/usr/bin/env bash
# Provides the package managers whose lock files the live tests make, at the versions that generated files name. They need
# the Python of the project, which the machine may not have: each command runs in a container of the project's base image.
# Takes: a Docker engine. Gives: on stdout, a directory with the commands. Repeating it is safe and takes a moment.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=engine/lib.sh
source "$here/engine/lib.sh"
# shellcheck source-path=SCRIPTDIR source=engine/images/names.sh
source "$here/engine/images/names.sh"
bin=$LIVE_CACHE/tools
image=dockwright-live/tools:local

# `uv = "1.2"` in the table [tools] becomes `uv==1.2`. PDM's own lock is an extra of it; without it, it breaks on newer
# libraries. Poetry's plug-in for exports is used inside generated images alone.
wanted=$(awk -F ' *= *' '/^\[/ { inside = $0 == "[tools]" }
  inside && /=/ && $1 != "poetry-plugin-export" {
    gsub(/"/, "", $2); print $1 ($1 == "pdm" ? "[locked]" : "") "==" $2
  }' "$here/../../src/catalog/data/versions.toml")
[[ -n $wanted ]] || die "no table [tools] in versions.toml"

say "package managers: ${wanted//$'\n'/ }"
docker build --quiet --tag "$image" --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE" --build-arg "UV_IMAGE=$UV_IMAGE" \
  --build-arg "TOOLS=${wanted//$'\n'/ }" \
  "$here/tools" >&2

rm -rf "$bin"
mkdir -p "$bin"
for tool in $wanted; do
  name=${tool%%[=[]*}
  cat >"$bin/$name" <<COMMAND
#!/bin/sh
exec docker run --rm --user "\$(id -u):\$(id -g)" --env HOME=/tmp --env PIPENV_IGNORE_VIRTUALENVS \\
  --volume "\$PWD:\$PWD" --workdir "\$PWD" $image $name "\$@"
COMMAND
  chmod 755 "$bin/$name"
done
printf '%s\n' "$bin"
