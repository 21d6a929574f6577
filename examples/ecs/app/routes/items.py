"""Items: rows of the database."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Item
from app.resources import SessionDep

router = APIRouter(prefix="/items", tags=["items"])

# The range of PostgreSQL's integer.
ItemId = Annotated[int, Path(ge=1, le=2**31 - 1)]


class ItemIn(BaseModel):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class ItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str


@router.post("", status_code=201)
async def create_item(body: ItemIn, session: SessionDep) -> ItemOut:
    item = Item(name=body.name)
    session.add(item)
    await session.commit()
    return ItemOut.model_validate(item)


@router.get("")
async def list_items(
    session: SessionDep, limit: Annotated[int, Query(ge=1, le=100)] = 100
) -> list[ItemOut]:
    items = await session.scalars(select(Item).order_by(Item.id).limit(limit))
    return [ItemOut.model_validate(item) for item in items]


async def stored(item_id: int, session: AsyncSession) -> ItemOut:
    item = await session.get(Item, item_id)
    if item is None:
        raise HTTPException(404, "no such item")
    return ItemOut.model_validate(item)


@router.get("/{item_id}")
async def read_item(item_id: ItemId, session: SessionDep) -> ItemOut:
    return await stored(item_id, session)
