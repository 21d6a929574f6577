"""Queues naps as the application would: app, count, seconds, queue, seconds to wait."""

import json
import os
import sys
import time

name, count, seconds, queue, wait = sys.argv[1:6]
sys.path.insert(0, os.getcwd())

from celery.app.utils import find_app

app = find_app(name)
options = {"queue": queue} if queue else {}
naps = [
    app.send_task("dockwright.verify.nap", args=[float(seconds)], **options)
    for _ in range(int(count))
]
said = {
    "ids": [nap.id for nap in naps],
    "acks_late": bool(app.conf.task_acks_late),
    "rejects": bool(app.conf.task_reject_on_worker_lost),
    "broker": app.connection_for_write().hostname or "",
    "backend": type(app.backend).__name__ != "DisabledBackend",
}
if said["backend"] and float(wait) > 0:
    end = time.monotonic() + float(wait)
    while time.monotonic() < end and not all(nap.ready() for nap in naps):
        time.sleep(0.05)
    said["states"] = [nap.state for nap in naps]
    said["results"] = [str(nap.result) for nap in naps]
print("\n" + json.dumps(said))
