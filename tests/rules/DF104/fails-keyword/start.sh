#!/bin/bash
time gunicorn shop.wsgi
