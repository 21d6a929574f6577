#!/usr/bin/env bash
# Start-up contract of the official PostgreSQL image: fills an empty data directory once, then runs the server.
# Takes: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS (each also as NAME_FILE),
# POSTGRES_HOST_AUTH_METHOD, PGDATA, /docker-entrypoint-initdb.d; arguments: the server's, or any command.
set -euo pipefail

die() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

value_of() { # NAME DEFAULT: the variable, or what the file named by NAME_FILE holds
  local name=$1 file=${1}_FILE
  [[ -z ${!name:-} || -z ${!file:-} ]] || die "both $name and $file are set"
  if [[ -n ${!file:-} ]]; then
    cat "${!file}"
  else
    printf '%s' "${!name:-$2}"
  fi
}

run_init_file() {
  case $1 in
    *.sh) if [[ -x $1 ]]; then "$1"; else bash "$1"; fi ;;
    *.sql) psql "${client[@]}" --file "$1" ;;
    *.sql.gz) gunzip --stdout "$1" | psql "${client[@]}" ;;
    *) printf 'ignoring %s\n' "$1" ;;
  esac
}

initialise() {
  local user password database method arguments file
  user=$(value_of POSTGRES_USER postgres)
  password=$(value_of POSTGRES_PASSWORD '')
  database=$(value_of POSTGRES_DB "$user")
  arguments=$(value_of POSTGRES_INITDB_ARGS '')
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  [[ -n $password || $method == trust ]] ||
    die 'the database is uninitialised and the superuser password is not given: set POSTGRES_PASSWORD'

  # Split into words on purpose: the variable holds several arguments.
  # shellcheck disable=SC2086
  initdb --username "$user" --pwfile <(printf '%s\n' "$password") $arguments
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"

  # For the arguments may ask for the password on the socket as well.
  [[ -z $password ]] || export PGPASSWORD=$password
  # On the socket alone: whoever asks over TCP must not find the server before it is filled.
  pg_ctl --pgdata "$PGDATA" --wait --options "-c listen_addresses='' -p 5432" start
  [[ $database == postgres ]] ||
    psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$user" --dbname postgres --set name="$database" \
      <<<'CREATE DATABASE :"name"'
  client=(--no-psqlrc --set ON_ERROR_STOP=1 --username "$user" --dbname "$database")
  export POSTGRES_USER=$user POSTGRES_DB=$database
  for file in /docker-entrypoint-initdb.d/*; do
    [[ ! -e $file ]] || run_init_file "$file"
  done
  pg_ctl --pgdata "$PGDATA" --mode fast --wait stop
  unset PGPASSWORD
}

[[ ${1:-} != -* ]] || set -- postgres "$@"
[[ ${1:-} == postgres ]] || exec "$@"
for argument in "$@"; do
  case $argument in
    --help | '-?' | --version | -V | --describe-config | -C) exec "$@" ;;
  esac
done
[[ ${PGDATA%/} == /var/lib/postgresql/data ]] || ! grep -q ' /var/lib/postgresql/data ' /proc/self/mountinfo ||
  die 'from version 18 on the volume belongs at /var/lib/postgresql, not at /var/lib/postgresql/data'

if [[ $(id -u) == 0 ]]; then
  mkdir -p "$PGDATA"
  find /var/lib/postgresql /var/run/postgresql ! -user postgres -exec chown postgres:postgres {} +
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
mkdir -p "$PGDATA"
chmod 0700 "$PGDATA"
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  initialise
fi
exec "$@"
