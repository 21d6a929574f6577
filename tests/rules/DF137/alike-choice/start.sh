#!/bin/sh
if [ "$DEBUG" ]; then
  exec python manage.py runserver 0.0.0.0:8000
else
  exec gunicorn shop.wsgi
fi
