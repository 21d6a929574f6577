bind = "0.0.0.0:8000"

# Trust the headers that Cloud Run sets.
forwarded_allow_ips = "*"
