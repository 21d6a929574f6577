"""Liveness and readiness."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app import checks, db
from app.resources import ResourcesDep

router = APIRouter(tags=["health"])


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
        }
    )
    available = all(result == "ok" for result in results.values())
    response.status_code = 200 if available else 503
    return Readiness(
        status="ready" if available else "unavailable",
        checks=results,
    )
