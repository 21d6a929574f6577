import multiprocessing

workers = min(4, multiprocessing.cpu_count() * 2 + 1)
