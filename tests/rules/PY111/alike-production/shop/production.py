import os

from .settings import *

SECRET_KEY = os.environ["SHOP_KEY"]
