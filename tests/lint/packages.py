"""Checks of what a stack installs: real lock files, and the torch stacks that cannot be
installed everywhere."""

from __future__ import annotations

import platform
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from environments import locked, normalised
from linter import Findings, Linter, Output, edit, run
from outputs import Generator, Outputs

VERSIONS = Path(__file__).resolve().parents[2] / "src/plan/data/versions.toml"

# Asks a tool whether its lock file still fits, and what it says when it does not.
VERIFY = {
    "uv": (("lock", "--check"), "needs to be updated"),
    "poetry": (("check", "--lock"), "changed significantly"),
    "pdm": (("lock", "--check"), "hash doesn't match"),
    "pipenv": (("verify",), "out of date"),
}

# Their CPU builds are on an index of their own; no hashes of those are written.
UNHASHED = {"torch", "torchvision"}
# What torch's wheels on PyPI ask for and CPU builds do not.
CUDA = re.compile(r"^(nvidia-(?!ml-py$).*|cuda-.*|triton)$")


def linters(outputs: Outputs, tools: Path, generator: Generator, work: Path) -> list[Linter]:
    resolver = TorchResolver(tools / "uv", work)
    return [
        *(_lock(manager, tools, generator, work) for manager in VERIFY),
        Linter(
            "torch stacks, hashes",
            outputs.torch,
            resolver.hashes,
            _wrong_hashes,
            "hash",
            each=True,
        ),
        Linter(
            "torch stacks, resolution",
            outputs.torch,
            resolver.closure,
            lambda specimen: edit(specimen.path / "requirements.txt", "\nanyio==", "\nanyion=="),
            "anyio",
            each=True,
        ),
    ]


def _lock(manager: str, tools: Path, generator: Generator, work: Path) -> Linter:
    """`dockwright new` with the real tool, in the version that the Dockerfile installs;
    then the question that the Dockerfile asks."""
    words, sign = VERIFY[manager]
    shims = work / "lock-tools" / manager
    output = Output(f"locked by {manager}", work / "locks" / manager)
    env = {
        "PATH": f"{shims}:{tools}:/usr/local/bin:/usr/bin:/bin",
        "UV_PYTHON": generator.python,
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "PIPENV_PYTHON": generator.python,
        "WORKON_HOME": str(shims / "virtualenvs"),
    }

    def prepare(output: Output) -> None:
        shims.mkdir(parents=True)
        output.path.parent.mkdir(exist_ok=True)
        if manager != "uv":
            version = tomllib.loads(VERSIONS.read_text())["tools"][manager]
            shim = shims / manager
            shim.write_text(f'#!/bin/sh\nexec uvx --quiet {manager}=={version} "$@"\n')
            shim.chmod(0o755)
        run(
            generator.dockwright, "new", output.path, "--yes",
            f"--set=project.package-manager={manager}", f"--set=project.python={generator.python}",
            env=env, verdicts=[0],
        )  # fmt: skip

    def check(outputs: Sequence[Output]) -> Findings:
        findings: Findings = {}
        for output in outputs:
            done = run(manager, *words, cwd=output.path, env=env, verdicts=range(256))
            said = (done.stdout + done.stderr).strip().splitlines()
            findings[output.name] = said[-4:] or ["failed"] if done.returncode else []
        return findings

    def plant(specimen: Output) -> None:
        project = "Pipfile" if manager == "pipenv" else "pyproject.toml"
        file = specimen.path / project
        file.write_text(file.read_text().replace("==0.", "!=0."))

    return Linter(f"lock file of {manager}", [output], check, plant, sign, prepare=prepare)


class TorchResolver:
    """Asks PyPI about the torch stacks and downloads none of it."""

    def __init__(self, uv: Path, work: Path) -> None:
        self.uv = uv
        self.work = work

    def hashes(self, outputs: Sequence[Output]) -> Findings:
        """Every hashed package has a file for Linux on PyPI with one of its hashes."""
        findings: Findings = {}
        for output in outputs:
            packages = locked([output.path / "requirements.txt"])
            wanted = self.work / f"{output.name}.hashed.txt"
            wanted.write_text("\n".join(packages[name] for name in packages.keys() - UNHASHED))
            done = run(
                self.uv, "pip", "install", "--dry-run", "--no-deps", "--require-hashes",
                "--only-binary", ":all:", *self._target(output), "--target", self.work / "nowhere",
                "--requirement", wanted, verdicts=range(256),
            )  # fmt: skip
            findings[output.name] = _said(done.returncode, done.stderr)
        return findings

    def closure(self, outputs: Sequence[Output]) -> Findings:
        """What requirements.in needs, by PyPI's metadata, is what requirements.txt has, in
        these versions: nothing is missing, nothing is left over. CUDA is left aside."""
        findings: Findings = {}
        for output in outputs:
            packages = locked([output.path / "requirements.txt"])
            done = run(
                self.uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate",
                "--constraints", "requirements.txt", *self._target(output), "requirements.in",
                cwd=output.path, verdicts=range(256),
            )  # fmt: skip
            found = _said(done.returncode, done.stderr)
            if not found:
                needed = {
                    normalised(re.split(r"[=\[ ]", line)[0]) for line in done.stdout.splitlines()
                }
                needed = {name for name in needed if not CUDA.match(name)}
                everywhere = {name for name, lines in packages.items() if " ; " not in lines}
                found += [f"requirements.txt has no {name}" for name in needed - packages.keys()]
                found += [f"nothing needs {name}" for name in everywhere - needed]
            findings[output.name] = found
        return findings

    def _target(self, output: Output) -> tuple[str, ...]:
        python = (output.path / ".python-version").read_text().strip()
        return (
            "--python-version", python,
            "--python-platform", f"{platform.machine()}-manylinux_2_28",
        )  # fmt: skip


def _said(code: int, text: str) -> list[str]:
    return [" ".join(text.split())[-600:] or f"exit code {code}"] if code else []


def _wrong_hashes(specimen: Output) -> None:
    file = specimen.path / "requirements.txt"
    file.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", file.read_text()))
