from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from locks import process_lock

app = Flask(__name__)
scheduler = BackgroundScheduler()
scheduler.start(paused=process_lock("scheduler"))
