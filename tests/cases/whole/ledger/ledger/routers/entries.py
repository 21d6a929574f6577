from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..db import get_session
from ..models import Account, Entry
from ..schemas import EntryDetail, EntryIn, EntryOut
from ..services import signing

router = APIRouter(prefix="/entries", tags=["entries"])


@router.get("")
async def entries(limit: int = 50, session: AsyncSession = Depends(get_session)) -> list[EntryOut]:
    found = await session.scalars(select(Entry).order_by(Entry.id.desc()).limit(limit))
    return [EntryOut.model_validate(entry) for entry in found]


@router.post("", status_code=201)
async def book(data: EntryIn, session: AsyncSession = Depends(get_session)) -> EntryOut:
    for number in (data.debit, data.credit):
        if await session.get(Account, number) is None:
            raise HTTPException(422, f"there is no account {number}")
    cents = int(data.amount * 100)
    entry = Entry(
        text=data.text,
        debit=data.debit,
        credit=data.credit,
        cents=cents,
        signature=signing.sign(data.text, data.debit, data.credit, cents),
    )
    session.add(entry)
    await session.commit()
    return EntryOut.model_validate(entry)


@router.get("/{entry_id}")
async def entry(entry_id: int, session: AsyncSession = Depends(get_session)) -> EntryDetail:
    found = await session.get(Entry, entry_id)
    if found is None:
        raise HTTPException(404)
    holds = signing.holds(found.signature, found.text, found.debit, found.credit, found.cents)
    return EntryDetail(**EntryOut.model_validate(found).model_dump(), holds=holds)
