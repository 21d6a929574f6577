#!/bin/sh
set -e
sudo mkdir -p /data
exec gunicorn -b 0.0.0.0:8000 app:app
