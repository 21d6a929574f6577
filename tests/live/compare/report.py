"""The figures that are kept: comparison.json, and the page that is made of them."""

from __future__ import annotations

import datetime
import json
import os
import statistics
from pathlib import Path
from typing import Any

LIVE = Path(__file__).resolve().parent.parent
FIGURES = LIVE / "comparison.json"
PAGE = LIVE / "comparison.md"

# Of one round: rate (a second), p50 and p99 (ms), failed.
Figures = dict[str, float]
# By variant.
Cell = dict[str, Figures]
# What was measured together: a cell, or seconds until healthy, and on what.
Entry = dict[str, Any]

ABOUT = """\
# What is planned, against usual numbers

Made by `tests/live/compare.sh --write`; [README.md](README.md) says what is compared and how. Each figure is the
median of its rounds. A ratio is what is planned ÷ these, the median over the rounds, in which the two follow each other:
above 1 is better for a rate, below 1 for a time.
"""


def summed_up(rounds: list[Figures], planned: list[Figures]) -> Figures:
    """The medians of some rounds, and all that failed. The machine is not equally fast all the time: what is planned
    is put against these round by round."""
    medians = {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}
    ratios = {
        f"{key}_ratio": statistics.median(one[key] / other[key] for one, other in zip(planned, rounds, strict=True))
        for key in ("rate", "p99") if key in rounds[0]
    }  # fmt: skip
    return medians | ratios | {"failed": sum(figures["failed"] for figures in rounds)}


def entries(subject: str, cpus: int, shares: bool, cells: dict[str, Cell], started: Figures) -> dict[str, Entry]:
    about = {
        "subject": subject,
        "cpus": cpus,
        "date": datetime.date.today().isoformat(),
        "load": f"{os.cpu_count()} CPUs, load on {'the same' if shares else 'others'}",
    }
    found = {
        f"{cpus}/{subject}/{kind}": about | {"kind": kind, "variants": variants} for kind, variants in cells.items()
    }
    if started:
        found[f"{cpus}/{subject}/start"] = about | {"seconds": started}
    return found


def load() -> dict[str, Entry]:
    return json.loads(FIGURES.read_text()) if FIGURES.exists() else {}


def save(figures: dict[str, Entry]) -> None:
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(f"{ABOUT}\n{page(figures)}")


def page(figures: dict[str, Entry]) -> str:
    loads = [entry for _, entry in sorted(figures.items()) if "variants" in entry]
    requests = [entry for entry in loads if entry["kind"] == "requests"]
    queues = [entry for entry in loads if entry["kind"] != "requests"]
    starts = [entry for _, entry in sorted(figures.items()) if "seconds" in entry]
    parts = []
    if requests:
        heads = ["stack", "CPUs", "numbers", "requests/s", "p50 ms", "p99 ms", "failed", "rate ÷", "p99 ÷"]
        parts.append("## Requests\n\n" + _table([*heads, "measured"], map(_requests, requests)))
    if queues:
        heads = ["tasks", "CPUs", "numbers", "tasks/s", "failed", "rate ÷"]
        parts.append("## Queues\n\n" + _table([*heads, "measured"], map(_queues, queues)))
    if starts:
        heads = ["stack", "CPUs", "numbers", "seconds to healthy", "measured"]
        parts.append("## From `up` to healthy\n\n" + _table(heads, map(_starts, starts)))
    return "\n".join(parts)


def _requests(entry: Entry) -> list[list[str]]:
    return [
        [
            entry["subject"], str(entry["cpus"]), name,
            f"{these['rate']:.0f}", f"{these['p50']:.1f}", f"{these['p99']:.1f}", f"{these['failed']:.0f}",
            *_ratios(name, these, "rate", "p99"), _measured(entry),
        ]
        for name, these in entry["variants"].items()
    ]  # fmt: skip


def _queues(entry: Entry) -> list[list[str]]:
    return [
        [
            entry["kind"], str(entry["cpus"]), name, f"{these['rate']:.0f}", f"{these['failed']:.0f}",
            *_ratios(name, these, "rate"), _measured(entry),
        ]
        for name, these in entry["variants"].items()
    ]  # fmt: skip


def _starts(entry: Entry) -> list[list[str]]:
    return [
        [entry["subject"], str(entry["cpus"]), name, f"{seconds:.1f}", _measured(entry)]
        for name, seconds in entry["seconds"].items()
    ]


def _ratios(name: str, these: Figures, *keys: str) -> list[str]:
    return ["" if name == "planned" else f"{these[f'{key}_ratio']:.2f}" for key in keys]


def _measured(entry: Entry) -> str:
    return f"{entry['date']}, {entry['load']}"


def _table(heads: list[str], groups: Any) -> str:
    rows = [heads, ["---"] * len(heads), *(row for group in groups for row in group)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
