"""Linters of the application's code, its tests and gunicorn.conf.py. They are the
versions that the stack itself pins."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from compose_files import compose
from container_files import DOCKERFILE, image_of
from environments import Environments, locked
from linter import Findings, Linter, Output, ToolError, add, edit, read_json, run
from outputs import Outputs

GUNICORN = "gunicorn.conf.py"
PYTHON = "pyproject.toml"


def linters(outputs: Outputs, environments: Environments, cache: Path) -> list[Linter]:
    skeletons = outputs.holding(PYTHON)
    runnable = [output for output in skeletons if output.runnable]
    django = [output for output in runnable if output.has("manage.py")]
    others = [output for output in runnable if not output.has("manage.py")]
    served = [output for output in runnable if output.has(GUNICORN)]
    tools = environments.shared / "bin"
    types = cache / f"mypy-{environments.shared.name}"

    def failing_test(specimen: Output) -> None:
        for home in (specimen.path, specimen.runnable):
            if home:
                add(home / "tests/test_fault.py", "def test_fault() -> None:\n    assert 1 == 2")

    return [
        Linter(
            "pytest",
            runnable,
            lambda some: pytest(some, environments),
            failing_test,
            "test_fault",
            each=True,
        ),
        Linter(
            "pytest, default Python",
            outputs.presets,
            lambda some: pytest_in_container(some, environments),
            failing_test,
            "test_fault",
            each=True,
        ),
        Linter(
            "mypy, all but Django",
            others,
            lambda some: mypy(some, tools, types / "plain"),
            lambda specimen: add(runnable_of(specimen) / "app/fault.py", "x: int = 'text'"),
            "fault.py:1: error: Incompatible types",
        ),
        Linter(
            "mypy, Django",
            django,
            lambda some: mypy(some, tools, types / "django"),
            lambda specimen: add(runnable_of(specimen) / "core/fault.py", "x: int = 'text'"),
            "fault.py:1: error: Incompatible types",
        ),
        Linter(
            "gunicorn --check-config",
            served,
            lambda some: gunicorn(some, environments),
            lambda specimen: edit(
                runnable_of(specimen) / GUNICORN, "\nworkers = ", "\nworkers = -"
            ),
            "workers",
            each=True,
        ),
        Linter(
            "gunicorn --check-config, adopted",
            [output for output in outputs.adopted if output.has(GUNICORN)],
            lambda some: gunicorn_alone(some, environments),
            lambda specimen: edit(specimen.path / GUNICORN, "\nworkers = ", "\nworkers = -"),
            "workers",
            each=True,
        ),
        Linter(
            "ruff check",
            skeletons,
            lambda some: ruff(some, tools, "check"),
            lambda specimen: add(specimen.path / "fault.py", "import os"),
            "F401",
        ),
        Linter(
            "ruff format",
            skeletons,
            lambda some: ruff(some, tools, "format", "--check"),
            lambda specimen: add(specimen.path / "fault.py", "x=1"),
            "fault.py:1: unformatted",
        ),
    ]


def runnable_of(output: Output) -> Path:
    if not output.runnable:
        raise ToolError(f"{output.name} cannot be run on this machine")
    return output.runnable


def pytest(outputs: Sequence[Output], environments: Environments) -> Findings:
    """In an environment that holds the stack's packages and no others."""
    findings: Findings = {}
    for output in outputs:
        home = runnable_of(output)
        done = run(
            environments.own(output.requirements), "-m", "pytest", "-q", "-p", "no:cacheprovider",
            cwd=home, verdicts=range(6),
        )  # fmt: skip
        findings[output.name] = _failures(done.returncode, done.stdout + done.stderr)
    return findings


def pytest_in_container(outputs: Sequence[Output], environments: Environments) -> Findings:
    """As generated, by the image and the Python that the stack is for."""
    findings: Findings = {}
    for output in outputs:
        image = image_of(output, "runtime")
        version = re.search(r"python:(\d+\.\d+)", image)
        if not version:
            raise ToolError(f"{image} does not tell its Python version")
        files = [output.path / "requirements.txt", output.path / "requirements-dev.txt"]
        packages = environments.directory_for(output.path.name, locked(files), version[1])
        done = run(
            "docker", "run", "--rm", "--network", "none",
            "--volume", f"{packages}:/packages", "--env", "PYTHONPATH=/packages",
            "--volume", f"{output.path}:/written:ro", image, "sh", "-euc",
            "cp -r /written /tmp/app; cd /tmp/app; exec python -m pytest -q -p no:cacheprovider",
            verdicts=range(6),
        )  # fmt: skip
        findings[output.name] = _failures(done.returncode, done.stdout + done.stderr)
    return findings


def _failures(code: int, said: str) -> list[str]:
    if code == 0 and re.search(r"^\d+ passed", said, re.MULTILINE):
        return []
    failed = re.findall(r"^(?:FAILED|ERROR) .*$", said, re.MULTILINE)
    return failed or said.strip().splitlines()[-6:] or [f"exit code {code}"]


def mypy(outputs: Sequence[Output], tools: Path, cache: Path) -> Findings:
    """One after the other: they share what mypy found out about the packages."""
    findings: Findings = {}
    for output in outputs:
        done = run(
            tools / "python", "-m", "mypy", "--cache-dir", cache, "--no-error-summary", ".",
            cwd=runnable_of(output),
        )  # fmt: skip
        findings[output.name] = done.stdout.strip().splitlines()
        if done.returncode and not findings[output.name]:
            raise ToolError(f"mypy failed on {output.name}: {done.stderr.strip()[-300:]}")
    return findings


def gunicorn(outputs: Sequence[Output], environments: Environments) -> Findings:
    """The command of the image, given the environment that Compose would give it: the
    application is imported for real."""
    findings: Findings = {}
    for output in outputs:
        home = runnable_of(output)
        command = re.findall(r"^CMD (\[.*\])$", (home / DOCKERFILE).read_text(), re.MULTILINE)
        program, *words = json.loads(command[-1])
        if program != "gunicorn":
            raise ToolError(f"{output.name} starts {program}")
        services = read_json(compose(home, "config", "--format", "json"))["services"]
        # Null where .env may say it and does not.
        environment = {k: v for k, v in services["web"]["environment"].items() if v is not None}
        done = run(
            environments.own(output.requirements), "-m", "gunicorn", "--check-config", *words,
            cwd=home, env=environment,
        )  # fmt: skip
        said = done.stderr.strip().splitlines()[-4:] or [f"exit code {done.returncode}"]
        findings[output.name] = said if done.returncode else []
    return findings


def gunicorn_alone(outputs: Sequence[Output], environments: Environments) -> Findings:
    """The settings, with an application of no packages: which ones the repository's own
    would need is not known here."""
    findings: Findings = {}
    for output in outputs:
        done = run(
            environments.shared / "bin/python", "-m", "gunicorn", "--check-config",
            "--config", output.path / GUNICORN, "wsgiref.simple_server:demo_app",
            cwd=output.path,
        )  # fmt: skip
        said = done.stderr.strip().splitlines()[-4:] or [f"exit code {done.returncode}"]
        findings[output.name] = said if done.returncode else []
    return findings


def ruff(outputs: Sequence[Output], tools: Path, *words: str) -> Findings:
    homes = [output.path for output in outputs]
    files = run(tools / "ruff", "check", "--show-files", *homes).stdout.splitlines()
    findings: Findings = {_owner(outputs, path)[0].name: [] for path in files}
    done = run(tools / "ruff", *words, "--no-cache", "--output-format", "json", *homes)
    for found in read_json(done):
        owner, file = _owner(outputs, found["filename"])
        place = f"{file}:{found['location']['row']}"
        findings[owner.name].append(f"{place}: {found['code']}: {found['message']}")
    return findings


def _owner(outputs: Sequence[Output], path: str) -> tuple[Output, Path]:
    for output in outputs:
        if Path(path).is_relative_to(output.path):
            return output, Path(path).relative_to(output.path)
    raise ToolError(f"{path} belongs to no output")
