"""Items: rows of the database, read through the cache."""

import logging
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Item
from app.resources import ResourcesDep, SessionDep

logger = logging.getLogger(__name__)

# Seconds.
CACHED_FOR = 60

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
async def read_item(item_id: ItemId, session: SessionDep, resources: ResourcesDep) -> ItemOut:
    key = f"item:{item_id}"
    try:
        if (entry := await resources.cache.get(key)) is not None:
            return ItemOut.model_validate_json(entry)
        item = await stored(item_id, session)
        await resources.cache.set(key, item.model_dump_json(), ex=CACHED_FOR)
    except RedisError as error:
        # The database has the row: a cache that is away costs time, not the answer.
        logger.warning("cache: %s", error)
        item = await stored(item_id, session)
    return item
