"""Values in the cache, by key."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, StringConstraints

from app.resources import ResourcesDep

router = APIRouter(prefix="/cache", tags=["cache"])

# Seconds.
CACHED_FOR = 300

Key = Annotated[str, Path(min_length=1, max_length=100)]


class ValueIn(BaseModel):
    value: Annotated[str, StringConstraints(max_length=10_000)]


class Entry(BaseModel):
    key: str
    value: str


def storage_key(key: str) -> str:
    """Keeps these keys apart from every other use of the cache."""
    return f"value:{key}"


@router.put("/{key}")
async def write(key: Key, body: ValueIn, resources: ResourcesDep) -> Entry:
    entry = Entry(key=key, value=body.value)
    await resources.cache.set(storage_key(key), entry.model_dump_json(), ex=CACHED_FOR)
    return entry


@router.get("/{key}")
async def read(key: Key, resources: ResourcesDep) -> Entry:
    stored = await resources.cache.get(storage_key(key))
    if stored is None:
        raise HTTPException(404, "no such key")
    return Entry.model_validate_json(stored)
