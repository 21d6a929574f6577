from flask import Flask

app = Flask(__name__)
# app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024
app.config["MAX_CONTENT_LENGTH"] = 512 * 1024
