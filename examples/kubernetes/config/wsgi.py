"""The application for a WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

from config import env
from config.request_id import RequestId

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = RequestId(get_wsgi_application())
env.assert_usable()
