"""Liveness and readiness."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app import db
from app.resources import ResourcesDep

logger = logging.getLogger(__name__)

# Seconds for each check; they run at the same time.
CHECK_TIMEOUT = 2

router = APIRouter(tags=["health"])


class Liveness(BaseModel):
    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    status: Literal["ready", "unavailable"]
    checks: dict[str, str]


async def check(name: str, probe: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            await probe
    except Exception as error:
        logger.warning("readiness: %s: %s: %s", name, type(error).__name__, error)
        return f"unavailable ({type(error).__name__})"
    return "ok"


@router.get("/health")
async def health() -> Liveness:
    """The process answers. Touches nothing, so that no outage elsewhere restarts it."""
    return Liveness()


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(resources: ResourcesDep, response: Response) -> Readiness:
    """Everything that a request needs is there."""
    probes: dict[str, Awaitable[object]] = {
        "database": db.ping(resources.engine),
        "cache": resources.cache.ping(),
    }
    results = await asyncio.gather(*(check(name, probe) for name, probe in probes.items()))
    checks = dict(zip(probes, results, strict=True))
    available = all(result == "ok" for result in checks.values())
    response.status_code = 200 if available else 503
    return Readiness(
        status="ready" if available else "unavailable",
        checks=checks,
    )
