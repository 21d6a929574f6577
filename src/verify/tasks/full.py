"""Fills Redis as a broker, with a limit of its own for the moment: app."""

import json
import os
import sys

sys.path.insert(0, os.getcwd())

from celery.app.utils import find_app

app = find_app(sys.argv[1])
ROOM = 16 << 20
PART = 256 << 10
QUEUE = "dockwright-verify-queue"
said = {}
with app.connection_for_write() as connection:
    channel = connection.default_channel
    client = getattr(channel, "client", None)
    if client is None or not hasattr(client, "config_get"):
        print("\n" + json.dumps({"skip": "the broker is no Redis"}))
        sys.exit(0)


    def asked(key):
        return next(iter(client.config_get(key).values()))

    keys = []
    before = None
    try:
        said["policy"] = asked("maxmemory-policy")
        before = asked("maxmemory")
        said["maxmemory"] = int(before)
        evicted = int(client.info("stats")["evicted_keys"])
        client.rpush(QUEUE, *["task"] * 10)
        client.config_set("maxmemory", int(client.info("memory")["used_memory"]) + ROOM)
        said["refused"] = ""
        for number in range(4 * ROOM // PART):
            key = "dockwright-verify-%d" % number
            keys.append(key)
            try:
                client.set(key, os.urandom(PART))
            except Exception as error:
                said["refused"] = str(error)
                keys.pop()
                break
        said["evicted"] = int(client.info("stats")["evicted_keys"]) - evicted
        said["left"] = int(client.llen(QUEUE))
        said["written"] = len(keys) * PART
    except Exception as error:
        said["skip"] = "%s: %s" % (type(error).__name__, error)
    finally:
        if before is not None:
            client.config_set("maxmemory", before)
        for key in [*keys, QUEUE]:
            client.delete(key)
print("\n" + json.dumps(said))
