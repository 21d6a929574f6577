workers = 4
max_requests = 5000
max_requests_jitter = 500
