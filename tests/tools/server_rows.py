#!/usr/bin/env python3
"""Writes src/catalog/data/releases.toml: of what is installed for code that does not
bring its own, the newest release that pip chooses on each Python.

    python3 tests/tools/server_rows.py

tests/tools/refresh.py runs this with everything else that ages.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from finder import index, today

OUTPUT = Path(__file__).resolve().parents[2] / "src" / "catalog" / "data" / "releases.toml"

# The Pythons that images are planned for; the same as in src/detect/deps/marker.rs.
NEWEST, OLDEST = 14, 6

HEADER = """\
# What serves code that does not bring its own server: per package the newest
# release that installs on a Python, newest first. `read` is the day on which
# tests/tools/server_rows.py, which writes this file, last asked what pip chooses for
# each Python.

read = {day}
"""


@dataclass
class Package:
    name: str
    comment: str = ""
    # Releases that are taken at all.
    versions: str = ""
    # The newest Python that rows are for: a newer one has the release of versions.toml.
    newest: int = NEWEST
    # The oldest one: what an older Python takes does not do what generated files ask of it.
    oldest: int = OLDEST


PACKAGES = [
    Package("gunicorn"),
    Package("uvicorn"),
    Package("uvicorn-worker", oldest=7),
    Package("whitenoise"),
    Package(
        "setuptools",
        "pkg_resources, which packages of before 2023 import; environments before\n"
        "Python 3.12 brought setuptools along. The newest that still has it.",
        versions="<81",
    ),
    Package("websockets", "What uvicorn speaks WebSockets with.", oldest=7),
    Package(
        "poetry",
        "What installs from a lock in the builder, on a Python that is too old for the\nreleases in versions.toml.",
        newest=9,
        oldest=7,
    ),
    Package("poetry-plugin-export", newest=9, oldest=7),
    Package("pdm", newest=9, oldest=7),
    Package("pipenv", newest=9),
    Package("psycopg2-binary", "The driver of code that names PostgreSQL and brings none."),
]


def main() -> None:
    text = HEADER.format(day=today())
    with index() as packages:
        for package in PACKAGES:
            # The oldest Python of each release, from the newest one on.
            least: dict[str, int] = {}
            for minor in range(package.newest, package.oldest - 1, -1):
                version = packages.newest(package.name, f"3.{minor}", package.versions)
                if version:
                    least[str(version)] = minor
            if not least:
                sys.exit(f"{package.name}: no release for any Python")
            text += "".join(f"\n# {line}" for line in package.comment.splitlines())
            for version, minor in least.items():
                text += f'\n[[server]]\npackage = "{package.name}"\nleast-python = "3.{minor}"\nversion = "{version}"\n'
            print(f"{package.name}: {', '.join(least)}")
    OUTPUT.write_text(text)


if __name__ == "__main__":
    main()
