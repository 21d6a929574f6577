from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import get_session
from ..models import Account, Entry
from ..schemas import AccountOut
from ..services.balances import balance

router = APIRouter(prefix="/accounts", tags=["accounts"])


async def with_balances(session: AsyncSession) -> list[AccountOut]:
    accounts = (await session.scalars(select(Account).order_by(Account.number))).all()
    entries = (await session.scalars(select(Entry))).all()
    return [
        AccountOut(
            number=account.number,
            name=account.name,
            kind=account.kind,
            balance=balance(
                account.kind,
                (entry.cents for entry in entries if entry.debit == account.number),
                (entry.cents for entry in entries if entry.credit == account.number),
            ),
        )
        for account in accounts
    ]


@router.get("")
async def accounts(session: AsyncSession = Depends(get_session)) -> list[AccountOut]:
    return await with_balances(session)
