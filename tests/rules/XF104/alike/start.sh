#!/bin/sh
gunicorn --bind unix:/run/app.sock shop:app &
nginx -g 'daemon off;'
