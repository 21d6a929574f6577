#!/bin/bash
(cd /app; gunicorn shop.wsgi)
