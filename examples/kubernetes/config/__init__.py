"""The shop service: its settings and entry points."""

# Makes this application the one that core.tasks' tasks belong to.
from config.celery import app as celery_app

__all__ = ["celery_app"]
