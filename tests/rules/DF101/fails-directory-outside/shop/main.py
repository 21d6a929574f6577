import os

from fastapi import FastAPI

app = FastAPI()
os.makedirs(os.environ.get("DATA", "/data"), exist_ok=True)


@app.get("/health")
def health():
    return {"status": "ok"}
