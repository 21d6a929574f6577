workers = 4
max_requests = 5000
preload_app = True
