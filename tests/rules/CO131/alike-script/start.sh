#!/bin/sh
case "$1" in
  flower) exec celery -A shop flower ;;
  *) python manage.py runserver 0.0.0.0:8000; celery -A shop flower ;;
esac
