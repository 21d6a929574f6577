from flask import Flask

app = Flask(__name__)
app.secret_key = "k83hf8w3hf"
