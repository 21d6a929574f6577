import multiprocessing

bind = "0.0.0.0:8000"
workers = 5  # as the documentation says
threads = 2
