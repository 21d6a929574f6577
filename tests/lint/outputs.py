"""Everything that is linted: the five presets, the covering rows, a lone image, and what
made-up repositories get."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import covering
from linter import Output, ToolError, run
from repositories import Repository, repositories

# No linter reads a lock file. The tools that make one take seconds to minutes each, so
# these stand in for them; packages.py runs the real ones, one stack each.
LOCK_FILES = {
    "uv": "uv.lock",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipenv": "Pipfile.lock",
}

REGISTRY = "registry.example/mirror"
# What a corporate network asks for, all of it.
NETWORK = {
    "images.registry": REGISTRY,
    "network.index": "https://index.example/simple",
    "network.extra-index": "https://own.example/simple,https://other.example/simple",
    "network.index-auth": "secret",
    "network.http-proxy": "http://proxy.example:3128",
    "network.https-proxy": "http://proxy.example:3128",
    "network.no-proxy": ".example,10.0.0.0/8",
    "network.ca": "certs/own.pem",
    "network.apt-mirror": "https://debian.example",
}


@dataclass
class Outputs:
    """All outputs, by what can be done with them."""

    presets: list[Output] = field(default_factory=list)
    combinations: list[Output] = field(default_factory=list)
    images_only: list[Output] = field(default_factory=list)
    # torch, transformers and ultralytics, on the first and the last Python.
    torch: list[Output] = field(default_factory=list)
    # Of `dockwright init --rewrite`, in repositories that have code.
    adopted: list[Output] = field(default_factory=list)

    @property
    def all(self) -> list[Output]:
        """What `dockwright new` wrote: the code as well."""
        return [*self.presets, *self.combinations, *self.images_only]

    @property
    def containers(self) -> list[Output]:
        """Whatever holds container files."""
        return [*self.all, *self.adopted]

    def holding(self, file: str) -> list[Output]:
        return [output for output in self.all if output.has(file)]

    def running(self, file: str) -> list[Output]:
        return [output for output in self.containers if output.has(file)]


class Generator:
    """Calls `dockwright new` and `dockwright init`."""

    def __init__(self, dockwright: Path, python: str, work: Path) -> None:
        self.dockwright = dockwright
        self.python = python
        self.work = work
        stand_ins = work / "stand-ins"
        stand_ins.mkdir()
        for tool, lock in LOCK_FILES.items():
            (stand_ins / tool).write_text(f"#!/bin/sh\n: >{lock}\n")
            (stand_ins / tool).chmod(0o755)
        self.path = f"{stand_ins}:/usr/bin:/bin"

    def everything(self) -> Outputs:
        schema = json.loads(run(self.dockwright, "schema", "config", verdicts=[0]).stdout)
        axes = covering.axes_of(schema, self._is_for_new_code)
        rows = covering.covering_rows(axes)
        self._expect_refusals(axes)
        presets = self._presets()
        with ThreadPoolExecutor() as pool:
            return Outputs(
                presets=list(pool.map(lambda preset: self.output(preset, preset), presets)),
                combinations=[
                    *pool.map(
                        lambda row: self.output(
                            f"c{row[0]:02}", presets[0], dict(covering.settings_of(row[1]))
                        ),
                        enumerate(rows, 1),
                    ),
                    *pool.map(self.networked, axes["package-manager"]),
                ],
                images_only=[
                    self.image_only(f"image-{preset}", preset)
                    for preset in ("fastapi-uvicorn", "django-nginx")
                ],
                torch=[
                    self.packages_only(f"{runtime}-{python.replace('.', '')}", runtime, python)
                    for runtime in axes["runtime"]
                    if runtime not in covering.RUNNABLE
                    for python in axes["python"]
                ],
                adopted=list(pool.map(self.adopted, repositories())),
            )

    def output(self, name: str, preset: str, settings: dict[str, str] | None = None) -> Output:
        """A whole stack; where its code can run here, also for this machine's Python."""
        settings = settings or {}
        path, arguments = self.new("outputs", name, preset, settings)
        if settings.get("model.runtime", "none") not in covering.RUNNABLE:
            return Output(name, path, arguments)
        here = settings | {"project.python": self.python}
        runnable, _ = self.new("runnable", name, preset, here)
        pip, _ = self.new("requirements", name, preset, here | {"project.package-manager": "pip"})
        requirements = (pip / "requirements.txt", pip / "requirements-dev.txt")
        return Output(name, path, arguments, runnable, requirements)

    def networked(self, manager: str) -> Output:
        """A stack of a corporate network."""
        preset = "django-nginx" if manager == "pip" else "fastapi-uvicorn"
        settings = NETWORK | {"project.package-manager": manager}
        return self.output(f"network-{manager}", preset, settings)

    def image_only(self, name: str, preset: str) -> Output:
        path, arguments = self.new("outputs", name, preset, {}, "--only", "image")
        return Output(name, path, arguments)

    def packages_only(self, name: str, runtime: str, python: str) -> Output:
        settings = {"model.runtime": runtime, "project.python": python}
        path, arguments = self.new("torch", name, "ml-server", settings)
        return Output(name, path, arguments, requirements=(path / "requirements.txt",))

    def adopted(self, repository: Repository) -> Output:
        path = self.work / "adopted" / repository.name
        repository.write(path)
        arguments = ("--yes", "--rewrite", *repository.arguments)
        run(self.dockwright, "init", path, *arguments, env={"PATH": self.path}, verdicts=[0])
        carried = "docker-compose.yml" in repository.files
        return Output(
            f"adopted {repository.name}",
            path,
            arguments,
            compose="docker-compose.yml" if carried else "compose.yaml",
            development="docker-compose.dev.yml" if carried else "compose.dev.yaml",
        )

    def new(
        self, folder: str, name: str, preset: str, settings: dict[str, str], *more: str
    ) -> tuple[Path, tuple[str, ...]]:
        """Where the files are, and the arguments that make them anew."""
        path = self.work / folder / name
        path.parent.mkdir(exist_ok=True)
        sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        arguments = ("--yes", "--preset", preset, *sets, *more)
        run(self.dockwright, "new", path, *arguments, env={"PATH": self.path}, verdicts=[0])
        return path, arguments

    def _presets(self) -> list[str]:
        listed: Any = json.loads(
            run(self.dockwright, "preset", "list", "--format", "json", verdicts=[0]).stdout
        )
        rows = listed["builtin"]
        return [str(row["name"]) for row in rows]

    def _is_for_new_code(self, key: str, choice: str) -> bool:
        return "already there" not in self._refusal(f"--set={key}={choice}")

    def _refusal(self, *sets: str) -> str:
        """What `dockwright plan` says against answers; empty where it takes them."""
        words = ("plan", "--preset", "fastapi-uvicorn", *sets)
        done = run(self.dockwright, *words, env={"PATH": self.path}, verdicts=[0, 2])
        return done.stderr if done.returncode else ""

    def _expect_refusals(self, axes: dict[str, list[str]]) -> None:
        """What is left out as impossible has to be refused: otherwise it belongs in."""
        usual = {"framework": "fastapi", "server": "uvicorn", "database": "postgres"}
        usual |= {axis: choices[0] for axis, choices in axes.items() if axis not in usual}
        for pair in covering.impossible_pairs(axes):
            # How a model is delivered has no meaning, and no refusal, without one.
            if "delivery" in pair:
                continue
            others = {"django": "gunicorn", "flask": "gunicorn"}
            server = others.get(pair.get("framework", ""), "uvicorn")
            row = usual | {"server": server} | pair
            sets = [f"--set={key}={value}" for key, value in covering.settings_of(row)]
            if not self._refusal(*sets):
                raise ToolError(f"dockwright accepts {pair}, which covering.py calls impossible")
