#!/bin/sh
set -e
echo starting
python manage.py migrate
python manage.py collectstatic --noinput
exec gunicorn shop.wsgi --bind 0.0.0.0:8000
