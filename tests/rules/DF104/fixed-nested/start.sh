#!/bin/bash
sh -c "gunicorn shop.wsgi"
