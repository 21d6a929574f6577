"""The table of colours: large, made once, kept."""

import os
import time
from pathlib import Path

from ..limits import MEBIBYTE, TABLE_SIZE
from ..paths import CACHE

TABLE = CACHE / "tables" / "colours.bin"


def load() -> Path:
    """The file; it is made where it is not there yet."""
    if TABLE.exists() and TABLE.stat().st_size == TABLE_SIZE:
        return TABLE
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    half = TABLE.with_suffix(".part")
    with half.open("wb") as file:
        for step in range(TABLE_SIZE // MEBIBYTE):
            file.write(bytes([step]) * MEBIBYTE)
    os.replace(half, TABLE)
    (TABLE.parent / "made").write_text(str(time.time_ns()))
    return TABLE
