import logging.config

from fastapi import FastAPI

app = FastAPI()
logging.config.dictConfig(
    {"version": 1, "handlers": {"f": {"class": "logging.FileHandler", "filename": "app.log"}}}
)


@app.get("/health")
def health():
    return {"status": "ok"}
