#!/bin/sh
exec gunicorn \
  --worker-tmp-dir /dev/shm \
  --bind=0.0.0.0:8000 \
  --workers=2 \
  shop.wsgi
