from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from .api import health, palette, photos
from .paths import PAGES
from .store import database


@asynccontextmanager
async def lifespan(app: FastAPI):
    database.prepare()
    yield


app = FastAPI(title="Studio", version="1.4.0", lifespan=lifespan)
for part in (health, photos, palette):
    app.include_router(part.router, prefix="/api")
# Last, because it takes every other path.
app.mount("/", StaticFiles(directory=PAGES, html=True), name="pages")
