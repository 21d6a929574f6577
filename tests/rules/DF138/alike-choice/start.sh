#!/bin/sh
if [ "$PROD" ]; then
  exec gunicorn shop.wsgi
else
  exec python manage.py runserver 0.0.0.0:8000
fi
