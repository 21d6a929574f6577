"""Linters of compose.yaml and compose.dev.yaml."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from linter import Findings, Linter, Output, add, edit, read_json, run
from outputs import Outputs

BASE = "compose.yaml"
DEVELOPMENT = "compose.dev.yaml"

# Values that .env leaves to its owner: nothing is connected to.
GIVEN = {"DATABASE_URL": "postgresql://app:password@database.example.com:5432/app"}


def linters(outputs: Outputs, tools: Path) -> list[Linter]:
    stacks = outputs.holding(BASE)
    return [
        Linter(
            "docker compose config",
            stacks,
            lambda some: config(some, BASE),
            lambda specimen: edit(specimen.path / BASE, "networks: [edge", "networks: [hedge"),
            "undefined network hedge",
            each=True,
        ),
        Linter(
            "docker compose config, development",
            outputs.holding(DEVELOPMENT),
            lambda some: config(some, BASE, DEVELOPMENT),
            lambda specimen: edit(specimen.path / DEVELOPMENT, "    <<: *dev", "    x: 1"),
            "additional properties 'x'",
            each=True,
        ),
        Linter(
            "Compose JSON schema",
            stacks,
            lambda some: schema(some, tools),
            lambda specimen: edit(specimen.path / BASE, "    tmpfs:\n", "    tempfs:\n"),
            "tempfs",
        ),
        Linter(
            "yamllint",
            stacks,
            lambda some: yamllint(some, tools),
            lambda specimen: add(specimen.path / BASE, "x-fault:  two spaces"),
            "too many spaces after colon",
        ),
    ]


def config(outputs: Sequence[Output], *files: str) -> Findings:
    findings: Findings = {}
    for output in outputs:
        done = compose(output.path, "config", "--quiet", files=files)
        # Warnings count: Compose goes on after a variable that is not set.
        said = done.stderr.replace(f"{output.path}/", "").strip().splitlines()
        findings[output.name] = [f"{' + '.join(files)}: {line}" for line in said]
        if done.returncode and not said:
            findings[output.name] = [f"{' + '.join(files)}: exit code {done.returncode}"]
    return findings


def compose(
    directory: Path, *words: str, files: Sequence[str] = (BASE,)
) -> subprocess.CompletedProcess[str]:
    """Compose with the .env that was generated, as its owner would complete it."""
    blank = {
        line.partition("=")[0]
        for line in (directory / ".env").read_text().splitlines()
        if line.endswith("=") and not line.startswith("#")
    }
    env = {name: value for name, value in GIVEN.items() if name in blank}
    chosen = [word for file in files for word in ("--file", file)]
    return run("docker", "compose", *chosen, *words, cwd=directory, env=env, verdicts=range(256))


def schema(outputs: Sequence[Output], tools: Path) -> Findings:
    by_path = _files(outputs)
    done = run(
        tools / "check-jsonschema", "--builtin-schema", "vendor.compose-spec",
        "--output-format", "json", "--verbose", *by_path,
    )  # fmt: skip
    report = read_json(done)
    findings: Findings = {}
    # The files it finds right are named differently once one is wrong.
    for path in report.get("checked_paths") or report["successes"]:
        findings.setdefault(by_path[path].name, [])
    for found in report["errors"] + report.get("parse_errors", []):
        path = found["filename"]
        findings.setdefault(by_path[path].name, []).append(
            f"{Path(path).name}: {found.get('path', '')}: {found['message']}"
        )
    return findings


def yamllint(outputs: Sequence[Output], tools: Path) -> Findings:
    """With its default rules, all of them errors."""
    by_path = _files(outputs)
    done = run(
        tools / "yamllint", "--strict", "--format", "parsable",
        "--config-data", "{extends: default}", *by_path, verdicts=(0, 1, 2),
    )  # fmt: skip
    findings: Findings = {output.name: [] for output in outputs}
    for line in done.stdout.splitlines():
        path, _, rest = line.partition(":")
        findings[by_path[path].name].append(f"{Path(path).name}:{rest}")
    return findings


def _files(outputs: Sequence[Output]) -> dict[str, Output]:
    return {str(output.path / file): output for output in outputs for file in (BASE, DEVELOPMENT)}
