"""gunicorn's settings. The application to serve is named on the command line."""

import os

from config import logs

bind = "0.0.0.0:8000"
backlog = 2048

# WEB_CONCURRENCY wins, where it is set.
workers = int(os.environ.get("WEB_CONCURRENCY") or 3)
worker_class = "gthread"
threads = 2
worker_connections = 256
# The heartbeat file: in memory, so that a slow disk never looks like a dead worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108 (the container's own)

# Imported once, before the fork: workers share its memory, and a broken import stops the
# start instead of a worker. Nothing in it opens a connection before the first request.
preload_app = True

# Recycling returns what leaked; the jitter keeps workers from restarting together.
max_requests = 10000
max_requests_jitter = 1000

# A worker that has not reported for this long is killed. It limits no single request.
timeout = 60
# Requests may finish for this long after SIGTERM; compose.yaml waits 40 s before SIGKILL.
graceful_timeout = 30
keepalive = 75

# Whose X-Forwarded-* headers are believed: deploy.trusted-proxies.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")

# The control socket would need a writable home directory.
control_socket_disable = True

loglevel = os.environ.get("LOG_LEVEL", "info")
errorlog = "-"
accesslog = "-"
logconfig_dict = logs.configuration(loglevel)
access_log_format = '%({x-forwarded-for}i)s %(h)s "%(r)s" %(s)s %(B)s "%(a)s" %(M)sms'
