import os
INSTALLED_APPS = []
CELERY_BROKER_URL = "redis://redis:6379/0"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 7200
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": int(os.environ["V"])}
