from fastapi import APIRouter, Depends, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..config import get_settings
from ..db import get_session
from ..models import Account, Entry, Seeding

router = APIRouter(tags=["status"])


@router.get("/status")
async def status(request: Request, session: AsyncSession = Depends(get_session)) -> dict[str, object]:
    """Counts, and how the request arrived."""
    return {
        "accounts": await session.scalar(select(func.count()).select_from(Account)),
        "entries": await session.scalar(select(func.count()).select_from(Entry)),
        "seedings": await session.scalar(select(func.count()).select_from(Seeding)),
        "currency": get_settings().currency,
        "client": request.client.host if request.client else None,
        "scheme": request.url.scheme,
    }
