#!/bin/sh
set -e

echo "Waiting for the database at $DATABASE_HOST..."
while ! nc -z "$DATABASE_HOST" "$DATABASE_PORT"; do
  sleep 0.2
done
echo "The database is there."

# The workers use the same image; one of the services is enough for this.
if [ "$1" = "gunicorn" ]; then
  python manage.py migrate --noinput
fi
python manage.py compilemessages

exec "$@"
