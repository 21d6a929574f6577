from environs import Env

env = Env()
bind = "0.0.0.0:8000"
if env.bool("DEBUG", False):
    reload = True
