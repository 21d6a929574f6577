from fastapi import FastAPI
from sqlalchemy import create_engine
import os

engine = create_engine(os.environ["DATABASE_URL"])
app = FastAPI()


@app.get("/health")
def health():
    return {"ok": True}
