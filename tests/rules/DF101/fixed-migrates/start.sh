#!/bin/sh
set -e
echo starting
python manage.py migrate
exec gunicorn shop.wsgi --bind 0.0.0.0:8000
