#!/bin/sh
# Start-up contract of the official nginx image: /etc/nginx/templates/*.template become files of conf.d with
# their environment variables filled in, /docker-entrypoint.d/*.sh run, then the process is replaced.
set -eu

if [ "${1:-}" = nginx ] || [ "${1:-}" = nginx-debug ]; then
  # Variables that are not set stay as they are: nginx has variables of its own.
  defined=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p')
  for template in /etc/nginx/templates/*.template; do
    [ -e "$template" ] || continue
    name=${template##*/}
    envsubst "$defined" <"$template" >"/etc/nginx/conf.d/${name%.template}"
  done
  for script in /docker-entrypoint.d/*.sh; do
    [ ! -x "$script" ] || "$script"
  done
fi
exec "$@"
