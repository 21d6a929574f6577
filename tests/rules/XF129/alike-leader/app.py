from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from locks import elect_leader

app = Flask(__name__)
scheduler = BackgroundScheduler()
scheduler.start(paused=not elect_leader())
