workers = 4
max_requests = 0
# max_requests = 5000
