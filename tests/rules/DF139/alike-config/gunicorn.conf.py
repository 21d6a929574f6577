import os
bind = "0.0.0.0:8000"
reload = os.getenv("RELOAD", False)
