#!/bin/sh
python manage.py check
gunicorn shop.wsgi
