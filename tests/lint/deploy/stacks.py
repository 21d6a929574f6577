"""The stacks whose files for a cluster and for ECS are judged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from linter import ToolError, run

BOTH = {"deploy.target": "kubernetes,ecs"}
# All that the files can hold: stores, a migration, a worker, beat, a volume, static files. The
# checks are proven by copies of the first one.
FULL, DJANGO = "celery-postgres-redis", "celery-django"
COMBINATIONS: dict[str, tuple[str, dict[str, str]]] = {
    DJANGO: (
        FULL,
        {
            "stack.framework": "django",
            "stack.server": "gunicorn",
            "stack.proxy": "nginx",
            "deploy.target": "compose,kubernetes,ecs",
        },
    ),
    # A volume that pods and tasks only read.
    "model-mounted": ("ml-server", BOTH | {"model.delivery": "mount"}),
    "domain": ("django-nginx", BOTH | {"deploy.domain": "shop.example.com"}),
    # Names are made of the project's, which may be long.
    "repository-of-a-project-with-a-long-name": (
        FULL,
        BOTH | {"images.repository": "registry.example.com:5000/team/shop"},
    ),
}

Document = dict[str, Any]
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Stack:
    """What one call of `dockwright new` wrote, or a directory that somebody named."""

    name: str
    path: Path
    # By the name of an overlay, or of a combination of components: what kustomize makes of it.
    builds: dict[str, list[Document]] = field(default_factory=dict)

    @property
    def kubernetes(self) -> Path:
        return self.path / "deploy/kubernetes"

    @property
    def ecs(self) -> Path:
        return self.path / "deploy/ecs"

    def copy(self, name: str, work: Path) -> Stack:
        """With files of its own, to plant a fault in."""
        path = work / name.replace("/", "_")
        shutil.copytree(self.path / "deploy", path / "deploy")
        return replace(self, name=name, path=path, builds={})


def written(dockwright: Path, work: Path, *, full_alone: bool) -> list[Stack]:
    """What dockwright writes. A key that it does not know yet is left out, and said."""
    schema = json.loads(run(dockwright, "schema", "config", verdicts=[0]).stdout)
    presets = json.loads(run(dockwright, "preset", "list", "--format", "json", verdicts=[0]).stdout)
    names = [str(row["name"]) for row in presets["builtin"]]
    wanted = {name: (name, BOTH) for name in names} | COMBINATIONS
    if full_alone:
        wanted = {FULL: wanted[FULL]}

    def new(name: str) -> Stack | None:
        preset, settings = wanted[name]
        for table, key in (key.split(".") for key in settings):
            if key not in schema["properties"][table]["properties"]:
                print(f"deploy: {name} is not judged: this dockwright has no {table}.{key}")
                return None
        sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        run(dockwright, "new", work / name, "--yes", "--preset", preset, *sets, verdicts=[0])
        return Stack(name, work / name)

    with ThreadPoolExecutor() as pool:
        return [stack for stack in pool.map(new, wanted) if stack]


def given(directories: list[Path]) -> Iterator[Stack]:
    for path in directories:
        stack = Stack(str(path), path.resolve())
        if not (stack.kubernetes.is_dir() or stack.ecs.is_dir()):
            raise ToolError(f"{path} has neither deploy/kubernetes nor deploy/ecs")
        yield stack


def documents(text: str) -> list[Document]:
    return [document for document in yaml.load_all(text, LOADER) if document]  # noqa: S506
