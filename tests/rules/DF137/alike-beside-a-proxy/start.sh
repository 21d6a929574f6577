#!/bin/sh
nginx &
exec gunicorn --bind 127.0.0.1:8000 shop.wsgi
