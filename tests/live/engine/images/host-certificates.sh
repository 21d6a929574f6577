#!/usr/bin/env bash
# Writes the certificates that the host trusts beyond Debian's own list, one file each.
# Takes: a directory. Gives: live-NN.crt files in it; none where the host has no such certificate.
set -euo pipefail
target=$1
bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

one_per_line() {
  awk '/BEGIN CERTIFICATE/ { body = ""; inside = 1; next }
       /END CERTIFICATE/ { print body; inside = 0 }
       inside { gsub(/[[:space:]]/, ""); body = body $0 }' "$@" | sort -u
}

number=0
[[ -r $bundle ]] || exit 0
comm -23 <(one_per_line "$bundle") <(find /usr/share/ca-certificates -name '*.crt' -exec cat {} + | one_per_line) |
  while read -r body; do
    number=$((number + 1))
    {
      echo '-----BEGIN CERTIFICATE-----'
      fold -w 64 <<<"$body"
      echo '-----END CERTIFICATE-----'
    } >"$(printf '%s/live-%02d.crt' "$target" "$number")"
  done
