"""Checks of what a stack installs: real lock files, and the torch stacks that cannot be
installed everywhere."""

from __future__ import annotations

import platform
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from environments import Environments, locked, normalised
from linter import Findings, Linter, Output, ToolError, edit, run
from outputs import Generator, Outputs

VERSIONS = Path(__file__).resolve().parents[2] / "src/catalog/data/versions.toml"

# Asks a tool whether its lock file still fits, and what it says when it does not.
VERIFY = {
    "uv": (("lock", "--check"), "needs to be updated"),
    "poetry": (("check", "--lock"), "changed significantly"),
    "pdm": (("lock", "--check"), "doesn't satisfy"),
    "pipenv": (("verify",), "out-of-date"),
}

# Poetry asks PyPI for JSON, which a mirror may not have. With this plug-in it reads the pages
# that pip reads, which every index has; what it writes is the same.
POETRY_MIRROR = "poetry-plugin-pypi-mirror==0.6.5"

# Their CPU builds are on an index of their own; no hashes of those are written.
UNHASHED = {"torch", "torchvision"}
# What torch's wheels on PyPI ask for and CPU builds do not.
CUDA = re.compile(r"^(nvidia-(?!ml-py$).*|cuda-.*|triton)$")


def linters(
    outputs: Outputs, tools: Path, generator: Generator, environments: Environments, work: Path
) -> list[Linter]:
    return [
        Linter(
            "requirements.txt",
            [output for output in outputs.all if output.runnable],
            lambda some: complete(some, environments),
            lambda specimen: edit(specimen.requirements[0], "\nh11==", "\n# h11=="),
            "h11",
            each=True,
        ),
        *(_lock(manager, tools, generator, work) for manager in VERIFY),
        Linter(
            "torch stacks, all but torch",
            outputs.torch,
            lambda some: torch_packages(some, environments),
            _wrong_hashes,
            "Hash mismatch",
            each=True,
        ),
        Linter(
            "torch stacks, resolution",
            outputs.torch,
            lambda some: torch_closure(some, tools / "uv"),
            lambda specimen: edit(specimen.path / "requirements.txt", "\nanyio==", "\nanyion=="),
            "requirements.txt has no anyio",
            each=True,
        ),
    ]


def complete(outputs: Sequence[Output], environments: Environments) -> Findings:
    """Whatever an installed package needs is installed, in a version that it takes."""
    findings: Findings = {}
    for output in outputs:
        interpreter = environments.own(output.requirements[:1])
        done = run(environments.uv, "pip", "check", "--python", interpreter)
        said = [line for line in done.stderr.splitlines() if line.startswith("The package")]
        findings[output.name] = (said or [done.stderr.strip()]) if done.returncode else []
    return findings


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
        # Of this run alone: what an earlier one has fetched hides what an index lacks.
        "POETRY_CACHE_DIR": str(shims / "cache"),
    }

    def prepare(output: Output) -> None:
        shims.mkdir(parents=True)
        output.path.parent.mkdir(exist_ok=True)
        if manager != "uv":
            version = tomllib.loads(VERSIONS.read_text())["tools"][manager]
            package = f"pdm[locked]=={version}" if manager == "pdm" else f"{manager}=={version}"
            beside, setting = "", ""
            if manager == "poetry":
                beside = f'--with "{POETRY_MIRROR}" '
                setting = f"POETRY_PYPI_MIRROR_URL='{_pip_index(tools)}' "
            shim = shims / manager
            shim.write_text(
                f'#!/bin/sh\n{setting}exec uvx --quiet {beside}--from "{package}" {manager} "$@"\n'
            )
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


def _pip_index(tools: Path) -> str:
    """Where pip takes its packages from on this machine."""
    listed = run(tools / "python", "-m", "pip", "config", "list", verdicts=[0]).stdout
    for owner in (":env:", "install", "global"):
        if found := re.search(rf"^{owner}\.index-url='(.*)'$", listed, re.MULTILINE):
            return found[1].rstrip("/") + "/"
    return "https://pypi.org/simple/"


def torch_packages(outputs: Sequence[Output], environments: Environments) -> Findings:
    """Everything but torch itself is installed, hashes checked, for its Python on Linux."""
    findings: Findings = {}
    for output in outputs:
        packages = locked([output.path / "requirements.txt"])
        hashed = {name: lines for name, lines in packages.items() if name not in UNHASHED}
        try:
            environments.directory_for(output.path.name, hashed, _python(output))
            findings[output.name] = []
        except ToolError as error:
            # Dozens of hashes would push what happened out of sight.
            said = re.sub(r"(sha256:[0-9a-f]{8})[0-9a-f]+", r"\1…", str(error))
            said = re.sub(r"(sha256:\w+… *\s*)+", r"\1", said)
            findings[output.name] = [" ".join(said.split())[-600:]]
    return findings


def torch_closure(outputs: Sequence[Output], uv: Path) -> Findings:
    """What requirements.in needs, by PyPI's metadata, is what requirements.txt has, in
    these versions: nothing is missing, nothing is left over. CUDA is left aside."""
    findings: Findings = {}
    for output in outputs:
        packages = locked([output.path / "requirements.txt"])
        done = run(
            uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate",
            "--constraints", "requirements.txt", "--python-version", _python(output),
            "--python-platform", f"{platform.machine()}-manylinux_2_28", "requirements.in",
            cwd=output.path, verdicts=range(256),
        )  # fmt: skip
        if done.returncode:
            findings[output.name] = [" ".join(done.stderr.split())[-600:] or "failed"]
            continue
        needed = {normalised(re.split(r"[=\[ ]", line)[0]) for line in done.stdout.splitlines()}
        needed = {name for name in needed if not CUDA.match(name)}
        everywhere = {name for name, lines in packages.items() if " ; " not in lines}
        findings[output.name] = [
            *(f"requirements.txt has no {name}" for name in sorted(needed - packages.keys())),
            *(f"nothing needs {name}" for name in sorted(everywhere - needed)),
        ]
    return findings


def _python(output: Output) -> str:
    return (output.path / ".python-version").read_text().strip()


def _wrong_hashes(specimen: Output) -> None:
    file = specimen.path / "requirements.txt"
    file.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", file.read_text()))
