"""Every comment that silences a linter says why, on the same line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from linter import Findings, Linter, Output, add
from outputs import Outputs

# Each leaves the reason as what follows it; without a rule's name it silences all rules.
SILENCERS = [
    re.compile(pattern)
    for pattern in (
        r"hadolint\s+(?:global\s+)?ignore=[A-Z0-9,]+",
        r"checkov:skip=[A-Z0-9_]+",
        r"shellcheck\s+disable=[A-Z0-9,]+",
        r"#\s*noqa:\s*[A-Z0-9]+(?:,\s*[A-Z0-9]+)*",
        r"#\s*type:\s*ignore\[[a-z,\s-]+\]",
        r"#\s*yamllint\s+disable(?:-line)?\s+rule:[a-z-]+",
        r"#\s*gixy:ignore=[a-z_,]+",
    )
]
SILENCES = re.compile(
    r"hadolint\s+(?:global\s+)?ignore|checkov:skip|shellcheck\s+disable|#\s*noqa|#\s*type:\s*ignore"
    r"|yamllint\s+disable|gixy:\s*ignore|#\s*check=skip|#\s*nosec|fmt:\s*(?:off|skip)|per-file-ignores"
)
# The table of ruff's exceptions: its rows need the reason.
EXCEPTIONS = re.compile(r"^\[tool\.ruff\.lint\.per-file-ignores\]$|per-file-ignores\s*=")
REASON = re.compile(r"[A-Za-z]{3,}.*[A-Za-z]{2,}")


def linters(outputs: Outputs) -> list[Linter]:
    return [
        Linter(
            "reasons of ignores",
            outputs.containers,
            check,
            lambda specimen: add(specimen.path / "Dockerfile", "# hadolint ignore=DL3008"),
            "hadolint ignore=DL3008",
        )
    ]


def check(outputs: Sequence[Output]) -> Findings:
    return {output.name: _unexplained(output) for output in outputs}


def _unexplained(output: Output) -> list[str]:
    found = []
    for file in sorted(output.path.rglob("*")):
        if not file.is_file() or ".dockwright" in file.parts:
            continue
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        table = False
        for number, line in enumerate(text.splitlines(), 1):
            table = bool(EXCEPTIONS.match(line)) or (table and not line.startswith("["))
            if EXCEPTIONS.match(line):
                continue
            row = table and "=" in line
            if (row or SILENCES.search(line)) and not _has_reason(line, row):
                found.append(f"{file.relative_to(output.path)}:{number}: {line.strip()}")
    return found


def _has_reason(line: str, row: bool) -> bool:
    if row:
        return bool(REASON.search(line.partition("#")[2]))
    rests = [line[match.end() :] for pattern in SILENCERS if (match := pattern.search(line))]
    return any(REASON.search(rest) for rest in rests)
