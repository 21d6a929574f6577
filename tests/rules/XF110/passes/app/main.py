import os

from fastapi import FastAPI

TOKEN = os.environ["UPSTREAM_TOKEN"]
app = FastAPI()
