#!/usr/bin/env bash
# Writes the package index that the host's pip uses, in the words of pip and of uv.
# Takes: a directory that stands for /etc. Gives: pip.conf, uv/uv.toml in it; only what means something in a
# container, so no paths of the host, and no file where the host has no index of its own.
set -euo pipefail
etc=$1

# The environment wins over pip's files, as it does in pip.
setting() { # NAME, as in index-url
  local variable=PIP_${1^^}
  variable=${variable//-/_}
  if [[ -n ${!variable:-} ]]; then
    printf '%s\n' "${!variable}"
  elif command -v pip >/dev/null; then
    pip config get "global.$1" 2>/dev/null || true
  fi
}

index=$(setting index-url)
extra=$(setting extra-index-url)
proxy=$(setting proxy)
trusted=$(setting trusted-host)
timeout=$(setting default-timeout)

{
  printf '[global]\n'
  [[ -z $index ]] || printf 'index-url = %s\n' "$index"
  [[ -z $extra ]] || printf 'extra-index-url = %s\n' "$extra"
  [[ -z $proxy ]] || printf 'proxy = %s\n' "$proxy"
  [[ -z $trusted ]] || printf 'trusted-host = %s\n' "$trusted"
  [[ -z $timeout ]] || printf 'timeout = %s\n' "$timeout"
} >"$etc/pip.conf"
[[ $(wc -l <"$etc/pip.conf") != 1 ]] || rm "$etc/pip.conf"

if [[ -n $index$extra ]]; then
  mkdir -p "$etc/uv"
  {
    for address in $extra; do printf '[[index]]\nurl = "%s"\n\n' "$address"; done
    [[ -z $index ]] || printf '[[index]]\nurl = "%s"\ndefault = true\n' "$index"
  } >"$etc/uv/uv.toml"
fi
