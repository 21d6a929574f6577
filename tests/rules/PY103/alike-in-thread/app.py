import threading

from flask import Flask

app = Flask(__name__)


class Training(threading.Thread):
    def run(self):
        pass
