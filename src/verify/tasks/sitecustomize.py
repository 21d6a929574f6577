"""Gives a Celery worker one more task, and leaves every other process alone."""

import sys

TASK = "dockwright.verify.nap"


class Registration:
    """Waits until a worker is made: by then Celery has patched what it patches, and
    the application is there."""

    def find_spec(self, name, path=None, target=None):
        if name == "celery.apps.worker":
            sys.meta_path.remove(self)
            try:
                register()
            except Exception as error:
                say("failed", repr(error), 0, 0)
        return None


def say(*words):
    import os

    # Not through what the application makes of its output.
    os.write(1, ("dockwright-verify %s %s %s %s\n" % words).encode())


def register():
    import os
    import time

    from celery import shared_task

    # Else as the application has it for all of its tasks.
    early = os.environ.get("DOCKWRIGHT_VERIFY_EARLY")
    options = {"acks_late": False} if early else {}

    @shared_task(name=TASK, bind=True, **options)
    def nap(self, seconds):
        info = self.request.delivery_info or {}
        again = int(bool(info.get("redelivered")))
        say("begin", self.request.id, os.getpid(), again)
        time.sleep(seconds)
        say("end", self.request.id, os.getpid(), again)
        return "rested"


def is_worker():
    """Whether a worker starts here that is to know the task."""
    import os

    if "DOCKWRIGHT_VERIFY_STRANGE" in os.environ:
        return False
    try:
        with open("/proc/self/cmdline", "rb") as file:
            words = file.read().split(b"\0")
    except OSError:
        return False
    return any(b"celery" in word for word in words) and b"worker" in words


if is_worker():
    sys.meta_path.insert(0, Registration())
