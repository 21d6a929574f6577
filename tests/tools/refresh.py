#!/usr/bin/env python3
"""Refreshes every table that ages, by one command, and says what changed.

    pip install uv && python3 tests/tools/refresh.py [--dry-run] [--only PART]…

Each part is asked of its own source and has a day of its own: one whose source does not
answer stays as it is, with the day it has, and that is said. What only a person can
decide (another major version of an image, a new minor version of Python) is said, and
nothing is changed for it. Nothing is written before everything was asked.

With --dry-run nothing is written at all. --summary FILE has the same in Markdown, for a
request. Ends with 0, or with 3 where no part at all could be asked.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parents[2]
TABLES = ("src/catalog/data", "src/detect/data", "src/source/compose/data")
VERSIONS = "src/catalog/data/versions.toml"

# Where a test puts servers of its own.
HUB = os.environ.get("REFRESH_HUB", "https://hub.docker.com")
CYCLE = os.environ.get("REFRESH_CYCLE", "https://peps.python.org/api/release-cycle.json")

# Tables that a person reads: no program asks for what is in them.
BY_HAND = ("src/detect/data/imports.toml", "src/detect/data/system.toml", "src/source/compose/data/images.toml")


class Unasked(Exception):
    """A source that does not answer, or not as it should."""


@dataclass
class Part:
    """A table, or one of several sources of it."""

    name: str
    file: str
    refresh: Callable[[Path], list[str]]
    # What of the file it is about, as `values` names it.
    prefix: str = ""


@dataclass
class Outcome:
    part: Part
    changed: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    unasked: str = ""
    day: str = ""


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def get(address: str) -> Any:
    """The JSON of an address."""
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return json.load(answer)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise Unasked(f"{address}: {error}") from error


def script(name: str) -> Callable[[Path], list[str]]:
    """A generator beside this one: it writes its table below the directory it stands in."""

    def refresh(top: Path) -> list[str]:
        command = [sys.executable, str(top / "tests" / "tools" / name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
            raise Unasked(f"{name}: {said[-1]}")
        return []

    return refresh


def set_value(text: str, table: str, key: str, value: str) -> str:
    """The text of a TOML file with one string of a table replaced; comments stay."""
    head, found, rest = text.partition(f"[{table}]\n")
    if not found:
        raise Unasked(f"there is no [{table}]")
    end = rest.find("\n[") + 1 or len(rest)
    body, count = re.subn(
        rf'^("?{re.escape(key)}"? = )(?:"[^"]*"|\d{{4}}-\d\d-\d\d)$',
        lambda own: own[1] + (value if table == "read" else json.dumps(value)),
        rest[:end],
        flags=re.MULTILINE,
    )
    if count != 1:
        raise Unasked(f"[{table}] has {count} lines for {key}")
    return head + found + body + rest[end:]


def tools(top: Path) -> list[str]:
    """The newest release of every tool of the builder, and of uv's image with it."""
    code = (
        "import json, sys; from finder import index\n"
        "with index() as own: print(json.dumps({name: str(own.newest(name, '3.14')) for name in sys.argv[1:]}))"
    )
    path = top / VERSIONS
    text = path.read_text()
    names = tomllib.loads(text)["tools"]
    command = [sys.executable, "-c", code, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=top / "tests" / "tools")
    if done.returncode != 0:
        raise Unasked((done.stderr.strip() or "pip's finder said nothing").splitlines()[-1])
    for name, version in json.loads(done.stdout.splitlines()[-1]).items():
        if version == "None":
            raise Unasked(f"the index has no {name}")
        text = set_value(text, "tools", name, version)
        if name == "uv":
            image = tomllib.loads(text)["images"]["uv"].rpartition(":")[0]
            text = set_value(text, "images", "uv", f"{image}:{version}")
    path.write_text(set_value(text, "read", "tools", today()))
    return []


def images(top: Path) -> list[str]:
    """Whether every tag is there; gives those of a higher version, which a person takes."""
    path = top / VERSIONS
    text = path.read_text()
    data = tomllib.loads(text)
    newest = list(data["python-end-of-life"])[-1]
    references = [own.replace("{python}", newest) for own in data["images"].values()]
    references += data["python-images"].values()
    offers = []
    for reference in sorted(references):
        repository, _, tag = reference.rpartition(":")
        if "." in repository.partition("/")[0]:
            # Of another registry than Docker's: uv's, whose tag is the package's version.
            continue
        number, _, suffix = tag.partition("-")
        found = tags(repository, suffix)
        if tag not in found:
            raise Unasked(f"{reference} is not among the tags of its registry")
        parts = number.count(".")
        alike = [own for own in found if own.endswith(f"-{suffix}") and own.partition("-")[0].count(".") == parts]
        numbers = [own.removesuffix(f"-{suffix}") for own in alike]
        numbers = [own for own in numbers if re.fullmatch(r"\d+(\.\d+)*", own)]
        # nginx and Node.js: an odd number is not their stable line.
        if repository in ("nginx", "node"):
            numbers = [own for own in numbers if int(own.split(".")[-1]) % 2 == 0]
        highest = max(numbers, key=version, default=number)
        if version(highest) > version(number) and repository != "python":
            offers.append(f"{reference}: {highest}-{suffix} is there, and has its own notes of what changes")
    path.write_text(set_value(text, "read", "images", today()))
    return offers


def version(text: str) -> tuple[int, ...]:
    return tuple(int(own) for own in text.split("."))


def tags(repository: str, suffix: str) -> set[str]:
    """The tags of an image of Docker's library with a word in them."""
    address = f"{HUB}/v2/repositories/library/{repository}/tags?page_size=100&name={suffix}"
    found: set[str] = set()
    # The latest first: ten pages reach back for years.
    for _ in range(10):
        page = get(address)
        try:
            found |= {row["name"] for row in page["results"]}
            address = page.get("next")
        except (KeyError, TypeError, AttributeError) as error:
            raise Unasked(f"{address}: no list of tags") from error
        if not address:
            break
    return found


def python(top: Path) -> list[str]:
    """When each minor version of Python came out and ends."""
    path = top / VERSIONS
    text = path.read_text()
    cycle = get(CYCLE)
    data = tomllib.loads(text)
    try:
        for minor in data["python-end-of-life"]:
            text = set_value(text, "python-end-of-life", minor, cycle[minor]["end_of_life"][:7])
        for minor in data["python-released"]:
            text = set_value(text, "python-released", minor, cycle[minor]["first_release"])
        is_new = {"bugfix", "security"}
        new = [minor for minor, row in cycle.items() if row["status"] in is_new]
    except (KeyError, TypeError) as error:
        raise Unasked(f"{CYCLE}: no schedule of {error}") from error
    path.write_text(set_value(text, "read", "python", today()))
    known = data["python-end-of-life"]
    return [f"Python {minor} is out: its image and what has wheels for it decide" for minor in new if minor not in known]


PARTS = [
    Part("packages", "src/catalog/data/packages.json", script("lock_packages.py")),
    Part("servers", "src/catalog/data/releases.toml", script("server_rows.py")),
    Part("tools", VERSIONS, tools, "tools."),
    Part("images", VERSIONS, images, "images."),
    Part("python", VERSIONS, python, "python-"),
    Part("wheels", "src/detect/data/wheels.toml", script("wheel_rows.py")),
]


def values(path: Path) -> dict[str, str]:
    """What a table says, by name."""
    text = path.read_text()
    if path.suffix == ".json":
        graphs = json.loads(text)["graphs"]
        return {f"{name} on {minor}": own["version"] for minor, graph in graphs.items() for name, own in graph.items()}
    data = tomllib.loads(text)
    found = {}
    for key, table in data.items():
        if key == "server":
            found |= {f"{row['package']} from {row['least-python']}": row["version"] for row in table}
        elif key == "package" and path.name == "wheels.toml":
            for row in table:
                for line in row["line"]:
                    since = line["versions"].partition(",")[0]
                    found[f"{row['name']} {since}"] = f"{line['newest']}, {line['first']} to {line['last']}"
        elif isinstance(table, dict):
            found |= {f"{key}.{name}": own for name, own in table.items() if isinstance(own, str)}
    return found


def day(path: Path, part: Part) -> str:
    """The day on which a part was read."""
    if path.suffix == ".json":
        return json.loads(path.read_text())["read"]
    read = tomllib.loads(path.read_text())["read"]
    return str(read[part.name] if isinstance(read, dict) else read)


def compared(before: dict[str, str], after: dict[str, str], prefix: str) -> list[str]:
    lines = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new or not name.startswith(prefix or name):
            continue
        lines.append(f"{name} {old or '(none)'} -> {new or '(gone)'}")
    return merged(lines)


def merged(lines: list[str]) -> list[str]:
    """The same change for several Pythons in one line."""
    pythons: dict[str, list[str]] = {}
    for line in lines:
        found = re.fullmatch(r"(\S+) on (\S+) (.*)", line)
        key = f"{found[1]} {found[3]}" if found else line
        pythons.setdefault(key, []).extend([found[2]] if found else [])
    # What holds for all of them needs no list of them.
    every = max((len(own) for own in pythons.values()), default=0)
    return [f"{key} (Python {', '.join(own)})" if 0 < len(own) < every else key for key, own in pythons.items()]


def refresh(parts: list[Part], top: Path) -> list[Outcome]:
    """Refreshes a copy of the tables below `top`."""
    outcomes = []
    for part in parts:
        print(f"asking for {part.name} …", file=sys.stderr)
        path = top / part.file
        before, kept = values(path), path.read_bytes()
        outcome = Outcome(part)
        try:
            outcome.offers = part.refresh(top)
        except Unasked as error:
            path.write_bytes(kept)
            outcome.unasked = str(error)
        after = values(path)
        prefixes = [part.prefix] if part.name != "tools" else ["tools.", "images.uv"]
        outcome.changed = [line for own in prefixes for line in compared(before, after, own)]
        outcome.day = day(path, part)
        outcomes.append(outcome)
    return outcomes


def report(outcomes: list[Outcome], markdown: bool = False) -> str:
    bullet, sub = ("- ", "  - ") if markdown else ("", "  ")
    lines = []
    for own in outcomes:
        if own.unasked:
            lines.append(f"{bullet}{own.part.name}: not asked, as read on {own.day}: {own.unasked}")
            continue
        count = f"{len(own.changed)} changed" if own.changed else "nothing newer"
        lines.append(f"{bullet}{own.part.name}: {count}, read on {own.day}")
        lines += [f"{sub}{line}" for line in own.changed]
        lines += [f"{sub}for a person: {line}" for line in own.offers]
    for file in BY_HAND:
        read = tomllib.loads((TOP / file).read_text())["read"]
        lines.append(f"{bullet}{file}: read by hand on {read}; no program asks for it")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--only", action="append", choices=[own.name for own in PARTS], help="this part, several times")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="the report in Markdown")
    arguments = parser.parse_args()
    parts = [own for own in PARTS if not arguments.only or own.name in arguments.only]
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for folder in (*TABLES, "tests/tools"):
            shutil.copytree(TOP / folder, copy / folder)
        outcomes = refresh(parts, copy)
        if not arguments.dry_run:
            for file in {own.part.file for own in outcomes if not own.unasked}:
                shutil.copyfile(copy / file, TOP / file)
    print(report(outcomes), end="")
    if arguments.summary:
        arguments.summary.write_text(report(outcomes, markdown=True))
    if all(own.unasked for own in outcomes):
        sys.exit(3)


if __name__ == "__main__":
    main()
