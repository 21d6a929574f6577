workers = 2

# Limits of a request
limit_request_line = 4094
