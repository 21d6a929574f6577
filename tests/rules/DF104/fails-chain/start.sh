#!/bin/bash
python configure.py && gunicorn shop.wsgi
