"""Linters of compose.yaml and compose.dev.yaml, or the names that were there before."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from linter import Findings, Linter, Output, add, edit, read_json, run
from outputs import Outputs

# Values that .env leaves to its owner: nothing is connected to.
GIVEN = {"DATABASE_URL": "postgresql://app:password@database.example.com:5432/app"}


def linters(outputs: Outputs, tools: Path, work: Path) -> list[Linter]:
    stacks = [output for output in outputs.containers if output.has(output.compose)]
    # The text of services that are carried on is their owner's.
    own = [output for output in stacks if output.compose == "compose.yaml"]
    return [
        Linter(
            "docker compose config",
            stacks,
            config,
            lambda specimen: edit(specimen.path / specimen.compose, "networks: [edge", "networks: [hedge"),
            "undefined network hedge",
            each=True,
        ),
        Linter(
            "docker compose config, development",
            [output for output in stacks if output.has(output.development)],
            lambda some: config(some, development=True),
            lambda specimen: edit(
                specimen.path / specimen.development, "    <<: *dev", "    x: 1"
            ),
            "additional properties 'x'",
            each=True,
        ),
        Linter(
            "Compose JSON schema",
            stacks,
            lambda some: schema(some, tools, work / "untagged"),
            lambda specimen: edit(
                specimen.path / specimen.compose, "    tmpfs:\n", "    tempfs:\n"
            ),
            "tempfs",
        ),
        Linter(
            "yamllint",
            own,
            lambda some: yamllint(some, tools),
            lambda specimen: add(specimen.path / specimen.compose, "x-fault:  two spaces"),
            "too many spaces after colon",
        ),
    ]


def config(outputs: Sequence[Output], *, development: bool = False) -> Findings:
    findings: Findings = {}
    for output in outputs:
        files = [output.compose, *([output.development] if development else [])]
        done = compose(output.path, "config", "--quiet", files=files)
        # Warnings count: Compose goes on after a variable that is not set.
        said = done.stderr.replace(f"{output.path}/", "").strip().splitlines()
        findings[output.name] = [f"{' + '.join(files)}: {line}" for line in said]
        if done.returncode and not said:
            findings[output.name] = [f"{' + '.join(files)}: exit code {done.returncode}"]
    return findings


def compose(
    directory: Path, *words: str, files: Sequence[str] = ("compose.yaml",)
) -> subprocess.CompletedProcess[str]:
    """Compose with the .env that was generated, as its owner would complete it."""
    blank = {
        line.partition("=")[0]
        for line in (directory / ".env").read_text().splitlines()
        if line.endswith("=") and not line.startswith("#")
    }
    env = {name: GIVEN.get(name, "given") for name in blank}
    chosen = [word for file in files for word in ("--file", file)]
    return run("docker", "compose", *chosen, *words, cwd=directory, env=env, verdicts=range(256))


def schema(outputs: Sequence[Output], tools: Path, work: Path) -> Findings:
    """Compose's own tags stand for nothing in the schema, and its checker reads none."""
    by_path: dict[str, Output] = {}
    for number, (path, output) in enumerate(_files(outputs).items()):
        copy = work / str(number) / Path(path).name
        copy.parent.mkdir(parents=True)
        copy.write_text(re.sub(r" !(?:override$|reset(?= null))", "", Path(path).read_text(), flags=re.M))
        by_path[str(copy)] = output
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
    return {
        str(output.path / file): output
        for output in outputs
        for file in (output.compose, output.development)
    }
