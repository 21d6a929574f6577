#!/bin/sh
python manage.py wait_for_db
exec "$@"
