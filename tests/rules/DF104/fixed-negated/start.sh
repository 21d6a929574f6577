#!/bin/bash
! gunicorn shop.wsgi
