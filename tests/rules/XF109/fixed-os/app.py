from os import environ

from flask import Flask

app = Flask(environ["NAME"])
