#!/bin/sh
# celery -A shop worker &
python warm.py &
python manage.py migrate && exec gunicorn shop.wsgi
