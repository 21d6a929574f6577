#!/bin/sh
exec gunicorn \
  --bind=0.0.0.0:8000 \
  --workers=2 \
  shop.wsgi
