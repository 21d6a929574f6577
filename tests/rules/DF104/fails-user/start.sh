#!/bin/bash
su app -c "gunicorn --bind 0.0.0.0:8000 shop.wsgi"
