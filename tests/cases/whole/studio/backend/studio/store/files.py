import shutil
from pathlib import Path
from typing import BinaryIO

from ..paths import PHOTOS


def path(number: int) -> Path:
    return PHOTOS / f"{number}.bin"


def keep(number: int, file: BinaryIO) -> None:
    PHOTOS.mkdir(parents=True, exist_ok=True)
    with path(number).open("wb") as kept:
        shutil.copyfileobj(file, kept)
