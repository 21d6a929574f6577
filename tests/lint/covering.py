"""A small set of stacks in which every pair of choices occurs.

Takes the choices of each key from `dockwright schema config`, so that a new one
is covered without an edit here. Gives rows, the same ones on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

Row = dict[str, str]
Pair = frozenset[tuple[str, str]]

# Runtimes whose packages every machine can install, and so run. torch's wheels on
# PyPI bring the CUDA stack, and their CPU builds are on an index of their own.
RUNNABLE = ("none", "onnxruntime", "scikit-learn")

# Frameworks that no WSGI server can run.
ASGI_ALONE = ("fastapi", "starlette", "litestar")


def axes_of(schema: dict[str, Any], is_for_new: Callable[[str, str], bool]) -> dict[str, list[str]]:
    """The choices that are combined, by name; some are for code that is already there."""

    def choices(table: str, key: str) -> list[str]:
        found: list[str] = schema["properties"][table]["properties"][key]["enum"]
        return [choice for choice in found if is_for_new(f"{table}.{key}", choice)]

    pythons = choices("project", "python")
    return {
        "runtime": choices("model", "runtime"),
        "package-manager": choices("project", "package-manager"),
        "framework": choices("stack", "framework"),
        "server": choices("stack", "server"),
        "database": choices("stack", "database"),
        "tasks": ["none", "worker", "beat"],
        "bind": ["127.0.0.1", "0.0.0.0", "::1"],  # noqa: S104 (an answer, not a socket)
        "proxy": choices("stack", "proxy"),
        "cache": choices("stack", "cache"),
        "delivery": ["", *choices("model", "delivery")],
        "python": [pythons[0], pythons[-1]],
        "hardening": choices("deploy", "hardening"),
        "domain": ["", "shop.example.com"],
    }


def makes_sense(row: Row) -> bool:
    """Whether a row, which may still be incomplete, is a stack that can be built."""
    framework, server = row.get("framework"), row.get("server")
    if framework in ASGI_ALONE and server == "gunicorn":
        return False
    if framework == "flask" and server not in (None, "gunicorn"):
        return False
    if framework == "django" and row.get("database") == "none":
        return False
    if row.get("runtime", "none") not in RUNNABLE and row.get("package-manager", "pip") != "pip":
        return False
    if "runtime" in row and "delivery" in row:
        return (row["runtime"] == "none") == (row["delivery"] == "")
    return True


def settings_of(row: Row) -> list[tuple[str, str]]:
    """The keys of dockwright.toml that make a row."""
    tasks = row["tasks"]
    settings = [
        ("project.package-manager", row["package-manager"]),
        ("project.python", row["python"]),
        ("stack.framework", row["framework"]),
        ("stack.server", row["server"]),
        ("stack.proxy", row["proxy"]),
        ("stack.database", row["database"]),
        ("stack.cache", row["cache"]),
        ("stack.worker", "none" if tasks == "none" else "celery"),
        ("stack.broker", "none" if tasks == "none" else "redis"),
        ("stack.beat", "true" if tasks == "beat" else "false"),
        ("model.runtime", row["runtime"]),
        ("deploy.hardening", row["hardening"]),
        ("deploy.bind", row["bind"]),
        ("deploy.domain", row["domain"]),
        # Room for the largest combination.
        ("deploy.cpus", "4"),
        ("deploy.memory", "16GiB"),
    ]
    if row["delivery"]:
        settings.append(("model.delivery", row["delivery"]))
    return settings


def pairs_of(row: Row) -> set[Pair]:
    """What a row covers. Whatever has nothing to do with the model must occur in a
    stack that can be run; that it also occurs beside torch proves less."""
    pairs = {frozenset(pair) for pair in combinations(row.items(), 2)}
    if row.get("runtime") in RUNNABLE:
        return pairs
    model = {"runtime", "delivery"}
    return {pair for pair in pairs if model & {axis for axis, _ in pair}}


def impossible_pairs(axes: dict[str, list[str]]) -> list[Row]:
    """The pairs left out because they make no sense."""
    return [row for row in _all_pairs(axes) if not makes_sense(row)]


def covering_rows(axes: dict[str, list[str]]) -> list[Row]:
    """Rows in which every pair that makes sense occurs at least once."""
    wanted = {frozenset(row.items()): row for row in _all_pairs(axes) if makes_sense(row)}
    rows: list[Row] = []
    while wanted:
        # Several starts, each completed greedily; the one that covers most is taken.
        starts = list(wanted.values())
        step = max(1, len(starts) // 24)
        candidates = [
            _complete(start, axes, wanted, turn=number + len(rows))
            for number, start in enumerate(starts[::step])
        ]
        best = max(candidates, key=lambda row: len(pairs_of(row) & wanted.keys()))
        rows.append(best)
        for pair in pairs_of(best):
            wanted.pop(pair, None)
    return rows


def _all_pairs(axes: dict[str, list[str]]) -> list[Row]:
    return [
        {first: one, second: other}
        for first, second in combinations(axes, 2)
        for one in axes[first]
        for other in axes[second]
    ]


def _complete(start: Row, axes: dict[str, list[str]], wanted: dict[Pair, Row], turn: int) -> Row:
    """Fills in the missing choices, one axis after the other, each time with the value
    that covers most. `turn` decides ties, so that no value is always the one that fills."""
    row = dict(start)
    for axis, choices in axes.items():
        if axis in row:
            continue
        first = turn % len(choices)
        values = choices[first:] + choices[:first]
        options = [row | {axis: value} for value in values]
        options = [option for option in options if _can_be_completed(option, axes)]
        if "runtime" not in start and axis == "runtime":
            options = [option for option in options if option["runtime"] in RUNNABLE]
        row = max(options, key=lambda option: len(pairs_of(option) & wanted.keys()))
    return row


def _can_be_completed(row: Row, axes: dict[str, list[str]]) -> bool:
    """Whether every axis still has a choice that makes sense."""
    if not makes_sense(row):
        return False
    bound = ("framework", "server", "database", "runtime", "package-manager", "delivery")
    open_axes = [axis for axis in bound if axis not in row]
    if not open_axes:
        return True
    axis = open_axes[0]
    return any(_can_be_completed(row | {axis: value}, axes) for value in axes[axis])
