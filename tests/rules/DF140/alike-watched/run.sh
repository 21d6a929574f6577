#!/bin/sh
celery --app shop worker &
worker=$!
while kill -0 $worker; do sleep 5; done &
gunicorn shop.wsgi
