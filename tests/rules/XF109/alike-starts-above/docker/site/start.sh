#!/bin/sh
gunicorn shop:app
