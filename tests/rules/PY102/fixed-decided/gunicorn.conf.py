wsgi_app = "shop:app"
bind = "0.0.0.0:8000"
# More than one breaks the boards, which are kept in memory:
# workers = 3
threads = 4
