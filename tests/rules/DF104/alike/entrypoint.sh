#!/bin/bash
# gunicorn x
python manage.py migrate
exec "$@"
