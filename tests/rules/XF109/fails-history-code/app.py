from pathlib import Path

from fastapi import FastAPI

HEAD = (Path(__file__).parent / ".git" / "HEAD").read_text()
app = FastAPI()
