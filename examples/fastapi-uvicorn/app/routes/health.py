"""Liveness and readiness."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app import checks, db
from app.clients import ping
from app.resources import ResourcesDep

router = APIRouter(tags=["health"])

# A cache that is away costs time, not answers: it is reported, and nothing more.
OPTIONAL = {"cache"}


class Liveness(BaseModel):
    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    status: Literal["ready", "unavailable"]
    checks: dict[str, str]


@router.get("/health")
async def health() -> Liveness:
    """The process answers. Touches nothing, so that no outage elsewhere restarts it."""
    return Liveness()


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(resources: ResourcesDep, response: Response) -> Readiness:
    """Whether everything that the service cannot work without is there."""
    results = await checks.run(
        {
            "database": db.ping(resources.engine),
            "cache": ping(resources.cache),
        }
    )
    available = all(result == "ok" or name in OPTIONAL for name, result in results.items())
    response.status_code = 200 if available else 503
    return Readiness(
        status="ready" if available else "unavailable",
        checks=results,
    )
