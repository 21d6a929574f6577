from celery import Celery

app = Celery("tasks")
app.conf.broker_url = "redis://queue:6379/0"
