"""Small made-up repositories for `dockwright init`: one file each in repositories/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parent / "repositories"
# A line that begins a file of the repository.
BEGINS = re.compile(r"^==> (\S+) <==\n", re.MULTILINE)


@dataclass(frozen=True)
class Repository:
    """Files by their path, and what `dockwright init` is told beside --yes --rewrite."""

    name: str
    files: dict[str, str]
    arguments: tuple[str, ...]

    def write(self, home: Path) -> None:
        for path, text in self.files.items():
            file = home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def repositories() -> list[Repository]:
    return [_read(file) for file in sorted(HOME.glob("*.txt"))]


def _read(file: Path) -> Repository:
    """What stands before the first file are the arguments."""
    head, *parts = BEGINS.split(file.read_text())
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    return Repository(file.stem, files, tuple(head.split()))
