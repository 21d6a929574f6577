#!/bin/bash
exec su app -c "gunicorn shop.wsgi"
