import os

if os.environ.get("ENV") == "prod":
    from shop.prod import *
else:
    from shop.dev import *
