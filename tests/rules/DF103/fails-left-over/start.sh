#!/bin/sh
gunicorn shop.wsgi
