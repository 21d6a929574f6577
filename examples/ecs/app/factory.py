"""Puts the application together. Nothing is opened before the server starts it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError as DatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.body_limit import BodyLimit
from app.db import is_away
from app.request_id import RequestId
from app.resources import open_resources
from app.routes import health, items
from app.settings import Settings
from app.timeout import RequestTimeout

logger = logging.getLogger(__name__)

# What a request fails with while something that the service needs is away.
UNAVAILABLE: dict[type[Exception], str] = {
    DatabaseError: "the database is not available",
    PoolTimeoutError: "every database connection is in use",
}


async def answer_unavailable(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, DatabaseError) and not is_away(error):
        raise error
    logger.warning("%s %s: %s", request.method, request.url.path, error)
    detail = next(text for kind, text in UNAVAILABLE.items() if isinstance(error, kind))
    return JSONResponse({"detail": detail}, status_code=503)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources(settings) as resources:
            app.state.resources = resources
            yield

    app = FastAPI(title="orders", lifespan=lifespan)
    # The last one is the outermost.
    app.add_middleware(RequestTimeout, seconds=settings.request_timeout)
    app.add_middleware(BodyLimit, most=settings.max_body_bytes)
    app.add_middleware(RequestId)
    for kind in UNAVAILABLE:
        app.add_exception_handler(kind, answer_unavailable)
    app.include_router(health.router)
    app.include_router(items.router)
    return app
