exec gunicorn shop.wsgi
