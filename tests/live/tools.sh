#!/usr/bin/env bash
# Installs the package managers whose lock files the live tests make, at the versions that generated files name.
# Takes: PYTHON (optional), a Python to install them with. Gives: on stdout, the directory of their commands.
# Repeating it is safe and takes a moment.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
versions=$here/../../src/plan/data/versions.toml
cache=${DOCKWRIGHT_LIVE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/dockwright-live}
tools=$cache/tools

# The pins as requirements: `uv = "1.2"` in the table [tools] becomes `uv==1.2`.
wanted=$(awk -F ' *= *' '/^\[/ { inside = $0 == "[tools]" } inside && /=/ { gsub(/"/, "", $2); print $1 "==" $2 }' "$versions")
[[ -n $wanted ]] || { printf 'live tools: no table [tools] in %s\n' "$versions" >&2; exit 1; }

if [[ $(cat "$tools/installed" 2>/dev/null) != "$wanted" ]]; then
  printf 'live tools: installing %s\n' "${wanted//$'\n'/ }" >&2
  rm -rf "$tools"
  mkdir -p "$tools/bin"
  # An environment for each: they do not agree on the libraries that they share.
  for tool in $wanted; do
    name=${tool%%=*}
    [[ $name == poetry-plugin-export ]] && continue # used inside the image alone
    "${PYTHON:-python3}" -m venv "$tools/$name"
    "$tools/$name/bin/pip" install --quiet --disable-pip-version-check "$tool" >&2
    ln -s "../$name/bin/$name" "$tools/bin/$name"
  done
  printf '%s\n' "$wanted" >"$tools/installed"
fi
printf '%s\n' "$tools/bin"
