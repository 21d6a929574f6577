import threading

from flask import Flask

app = Flask(__name__)
threading.Thread(target=print, daemon=True).start()
