#!/bin/sh
# Start-up contract of the official Redis image: arguments that begin with a dash, or a configuration file, are
# the server's; root becomes the redis user; the process is replaced by the server.
set -eu

case "${1:-}" in
  -* | *.conf) set -- redis-server "$@" ;;
esac
[ "${1:-}" = redis-server ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  find . ! -user redis -exec chown redis:redis {} +
  exec setpriv --reuid redis --regid redis --clear-groups "$0" "$@"
fi

# The official image is compiled without protected mode, Debian's package is not.
configuration=${2:-}
if ! printf '%s\n' "$*" | grep -q protected-mode &&
  ! { [ -f "$configuration" ] && grep -q '^ *protected-mode' "$configuration"; }; then
  set -- "$@" --protected-mode no
fi
umask 0077
exec "$@"
