import os

from fastapi import FastAPI

TOKEN = os.environ["UPSTREAM_TOKEN"]
REGION = os.environ["REGION"]
STAGE = os.environ["STAGE"]
# os.environ["NOWHERE"]
OTHER = os.environ.get("NOT_NEEDED")
app = FastAPI()
