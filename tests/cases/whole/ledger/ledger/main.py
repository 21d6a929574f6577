from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from .routers import accounts, attachments, entries, pages, reports, status

app = FastAPI(title="Ledger", version="2.3.0")
app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
for part in (accounts, entries, attachments, reports, status, pages):
    app.include_router(part.router)
