import os

bind = "0.0.0.0:8000"
use_reload = False
if os.getenv("DEBUG", "false").lower() == "true":
    use_reload = True
reload = use_reload
