workers = 4
max_requests = 5000
timeout = 30
max_requests_jitter = 500
