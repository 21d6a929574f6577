from fastapi import APIRouter

from ..palette import table
from .schemas import Table

router = APIRouter(tags=["palette"])


@router.get("/palette")
def palette() -> Table:
    path = table.load()
    return Table(made=(path.parent / "made").read_text(), size=path.stat().st_size)
