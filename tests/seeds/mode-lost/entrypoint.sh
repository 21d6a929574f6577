#!/bin/sh
set -e
exec gunicorn --bind 0.0.0.0:8000 --workers 3 --threads 2 --max-requests 10000 --max-requests-jitter 1000 --worker-tmp-dir /dev/shm shop.wsgi
