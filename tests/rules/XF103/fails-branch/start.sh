#!/bin/sh
set -e
if [ "$API_MODE" = 1 ]; then
  exec gunicorn --graceful-timeout 60 --bind 0.0.0.0:8000 shop.wsgi
else
  exec python -m shop.listen
fi
