#!/bin/sh
gunicorn --bind 0.0.0.0:8000 shop.wsgi &
exec celery -A shop flower
