bind = "0.0.0.0:8000"
# graceful_timeout = 60
graceful_timeout = 8
