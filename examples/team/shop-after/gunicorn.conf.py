"""gunicorn's settings. The application to serve is named on the command line."""

import os

from app import logs

bind = "0.0.0.0:8000"
backlog = 2048

# WEB_CONCURRENCY wins, where it is set.
workers = int(os.environ.get("WEB_CONCURRENCY") or 4)
worker_class = "uvicorn_worker.UvicornWorker"
# The heartbeat file: in memory, so that a slow disk never looks like a dead worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108 (the container's own)

# Never recycled: an event loop that is replaced closes connections with requests on their way.
max_requests = 0

# A worker that has not reported for this long is killed. It limits no single request:
# the application's own limit is 30 s.
timeout = 60
# Requests may finish for this long after SIGTERM; compose.yaml waits 40 s before SIGKILL.
graceful_timeout = 30
keepalive = 5

# Whose X-Forwarded-* headers are believed: deploy.trusted-proxies.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")

# The control socket would need a writable home directory.
control_socket_disable = True

loglevel = os.environ.get("LOG_LEVEL", "info")
errorlog = "-"
accesslog = "-"
logconfig_dict = logs.configuration(loglevel)

# Acme's dashboards group by this name.
proc_name = "shop"
