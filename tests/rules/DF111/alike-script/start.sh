#!/bin/sh
export PYTHONUNBUFFERED=1
exec gunicorn shop.wsgi
