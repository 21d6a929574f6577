import os

from fastapi import FastAPI
from redis import Redis

app = FastAPI()
cache = Redis(host=os.environ["CACHE_HOST"], port=int(os.environ.get("REDIS_PORT", "6379")))
