#!/usr/bin/env bash
# Start-up contract of the official MySQL and MariaDB images: fills an empty data directory once, then runs the server.
# Takes: MYSQL_ or MARIADB_ ROOT_PASSWORD, USER, PASSWORD, DATABASE; /docker-entrypoint-initdb.d; arguments: the server's.
set -euo pipefail

value_of() { # NAME
  local mysql=MYSQL_$1 mariadb=MARIADB_$1
  printf '%s' "${!mysql:-${!mariadb:-}}"
}

case ${1:-} in
  -*) set -- mariadbd "$@" ;;
  mysqld) shift && set -- mariadbd "$@" ;;
esac
# Options that MySQL has and MariaDB has not.
arguments=()
for word in "$@"; do
  case $word in
    --default-authentication-plugin=* | --mysql-native-password=*) ;;
    *) arguments+=("$word") ;;
  esac
done
if [[ ${arguments[0]} == mariadbd && ! -d /var/lib/mysql/mysql ]]; then
  chown mysql:mysql /var/lib/mysql
  mariadb-install-db --user=mysql --datadir=/var/lib/mysql --skip-test-db >/dev/null
  mariadbd --user=mysql --skip-networking &
  server=$!
  until mariadb-admin ping --silent 2>/dev/null; do sleep 0.5; done
  root=$(value_of ROOT_PASSWORD) user=$(value_of USER) password=$(value_of PASSWORD) database=$(value_of DATABASE)
  {
    [[ -z $database ]] || printf "CREATE DATABASE IF NOT EXISTS \`%s\`;\n" "$database"
    if [[ -n $user && $user != root ]]; then
      printf "CREATE USER '%s'@'%%' IDENTIFIED BY '%s';\n" "$user" "$password"
      [[ -z $database ]] || printf "GRANT ALL ON \`%s\`.* TO '%s'@'%%';\n" "$database" "$user"
    fi
    printf "CREATE USER 'root'@'%%' IDENTIFIED BY '%s'; GRANT ALL ON *.* TO 'root'@'%%' WITH GRANT OPTION;\n" "$root"
    printf "ALTER USER 'root'@'localhost' IDENTIFIED BY '%s'; FLUSH PRIVILEGES;\n" "$root"
  } | mariadb
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) bash "$file" ;;
      *.sql) mariadb --user=root --password="$root" ${database:+"$database"} <"$file" ;;
    esac
  done
  kill "$server" && wait "$server" || true
fi
[[ ${arguments[0]} != mariadbd ]] || arguments+=(--user=mysql --bind-address=0.0.0.0)
exec "${arguments[@]}"
