#!/bin/bash
start() { "$@"; }
start gunicorn shop.wsgi
