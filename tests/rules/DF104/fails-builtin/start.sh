#!/bin/bash
command gunicorn shop.wsgi
