import os
SECRET_KEY = os.environ['SECRET_KEY']
ROOT_URLCONF = 'shop.urls'
INSTALLED_APPS = ['django.contrib.auth']
ALLOWED_HOSTS = os.environ['HOSTS'].split(',')
