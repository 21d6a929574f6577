from fastapi import APIRouter, Depends, Response
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import get_session
from .accounts import with_balances

router = APIRouter(prefix="/reports", tags=["reports"])
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/balances.xlsx")
async def sheet(session: AsyncSession = Depends(get_session)) -> Response:
    # Only installations with the extra have it.
    from ..services import sheet

    return Response(sheet.balances(await with_balances(session)), media_type=SHEET)
