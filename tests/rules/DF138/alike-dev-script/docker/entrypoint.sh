#!/bin/sh
set -e
exec uwsgi --ini uwsgi.ini
