from flask import Flask

from vendor.flask_executor import Executor

app = Flask(__name__)
executor = Executor(app)
