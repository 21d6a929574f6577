#!/usr/bin/env python3
"""Writes src/detect/data/wheels.toml: for packages that often pin a project, the
first and last Python minor version each release line has wheels for on Linux.

    python3 tests/tools/wheel_rows.py

File names are read through pip's own finder (finder.py). tests/tools/refresh.py runs
this with everything else that ages.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from finder import index, today
from pip._internal.models.link import Link
from pip._vendor.packaging.version import InvalidVersion, Version

OUTPUT = Path(__file__).resolve().parents[2] / "src" / "detect" / "data" / "wheels.toml"

# Packages that cannot usually be built in an image where no wheel fits: their old
# sources do not compile on a newer Python, or need libraries of their own. Packages
# that work without their compiled part (MarkupSafe, SQLAlchemy, msgpack) are no limit.
PACKAGES = """
aiohttp asyncpg bcrypt blis cffi confluent-kafka contourpy cryptography faiss-cpu fiona gevent
greenlet grpcio h5py httptools kiwisolver lightgbm llvmlite lxml matplotlib multidict numba numpy
onnx onnxruntime opencv-python opencv-python-headless orjson pandas pillow psycopg-binary
psycopg2-binary pyarrow pydantic-core pymssql pynacl pyodbc pyproj pyyaml rasterio regex
scikit-image scikit-learn scipy sentencepiece shapely spacy statsmodels tensorflow tensorflow-cpu
thinc tiktoken tokenizers torch torchvision ujson uvloop xgboost zstandard
""".split()

# From this release on, a compiler alone builds them on a newer Python too.
BUILDS_SINCE = {"cffi": "1.15", "pyyaml": "6.0.1", "regex": "2020", "ujson": "5", "zstandard": "0.20"}

# What the table covers; the same as in src/detect/deps/marker.rs.
OLDEST, NEWEST = 5, 14

HEADER = """\
# Which Python minors a release line of a package installs on: `first` to `last`.
# Read from the index's file names by tests/tools/wheel_rows.py, which writes this
# file, with the day; what no file name tells stands in imports.toml.
# builds: without a wheel, a compiler alone builds it on a newer Python.

read = {day}
"""


def minors(name: str) -> set[int]:
    """The minors of Python 3 that a wheel installs on under Debian on x86-64."""
    pythons, abi, platforms = name.removesuffix(".whl").split("-")[-3:]
    if platforms != "any" and not any("manylinux" in one and one.endswith("x86_64") for one in platforms.split(".")):
        return set()
    found: set[int] = set()
    for python in pythons.split("."):
        if python == "py3":
            found |= set(range(OLDEST, NEWEST + 1))
        elif (tag := re.fullmatch(r"cp3(\d+)", python)) and not abi.endswith("t"):
            least = int(tag[1])
            found |= set(range(least, NEWEST + 1)) if abi == "abi3" else {least}
    return {minor for minor in found if OLDEST <= minor <= NEWEST}


def releases(links: list[Link], package: str) -> dict[Version, set[int]]:
    """Minors with wheels by stable release."""
    found: dict[Version, set[int]] = {}
    for link in links:
        if not link.filename.endswith(".whl") or link.yanked_reason is not None:
            continue
        try:
            version = Version(link.filename.split("-")[1])
        except InvalidVersion:
            continue
        if version.is_prerelease or version.local:
            continue
        found.setdefault(version, set()).update(minors(link.filename))
    empty = [version for version, fits in found.items() if not fits]
    for version in empty:
        del found[version]
    if not found:
        sys.exit(f"{package}: no wheel for Linux")
    return dict(sorted(found.items()))


def lines(package: str, found: dict[Version, set[int]]) -> list[str]:
    """One row for each run of releases with the same first and last minor."""
    builds_since = Version(BUILDS_SINCE[package]) if package in BUILDS_SINCE else None
    runs: list[tuple[Version, Version, int, int, bool]] = []
    for version, fits in found.items():
        builds = builds_since is not None and version >= builds_since
        span = (min(fits), max(fits), builds)
        if runs and runs[-1][2:] == span:
            runs[-1] = (runs[-1][0], version, *span)
        else:
            runs.append((version, version, *span))
    rows = []
    for at, (oldest, newest, first, last, builds) in enumerate(runs):
        bound = f",<{runs[at + 1][0]}" if at + 1 < len(runs) else ""
        rows.append(
            f'  {{ versions = ">={oldest}{bound}", newest = "{newest}", first = "3.{first}", '
            f'last = "3.{last}", {"builds = true, " if builds else ""}read = "wheel files of {newest}" }},'
        )
    return rows


def main() -> None:
    text = HEADER.format(day=today())
    with index() as packages:
        for package in sorted(set(PACKAGES)):
            rows = lines(package, releases(packages.links(package), package))
            text += f'\n[[package]]\nname = "{package}"\nline = [\n' + "\n".join(rows) + "\n]\n"
            print(f"{package}: {len(rows)} rows")
    OUTPUT.write_text(text)


if __name__ == "__main__":
    main()
