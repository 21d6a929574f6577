#!/bin/sh
exec gunicorn shop
