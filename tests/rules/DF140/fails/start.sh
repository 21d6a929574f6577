#!/bin/sh
celery -A shop worker &
exec gunicorn shop.wsgi
