from .base import *

SECRET_KEY = "kf93jd0wlq02mcnxz"
