workers = 4
max_requests = 5000
timeout = 30
