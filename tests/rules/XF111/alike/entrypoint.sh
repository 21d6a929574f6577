#!/bin/sh
# python manage.py migrate
if [ "$RUN_MIGRATIONS" = "1" ]; then
    python manage.py migrate --noinput
fi
[ -n "$MIGRATE" ] && python manage.py migrate
echo "run: python manage.py migrate"
exec "$@"
