#!/bin/bash
LOG=debug gunicorn shop.wsgi
