#!/bin/bash
worker() {
  exec supervisord -n
}

server() {
  exec gunicorn shop.wsgi
}

"$1"
