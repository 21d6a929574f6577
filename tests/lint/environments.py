"""Python environments in which generated code runs, made by uv and cached by content.

All stacks of one Python version take their packages from one resolution, so one
environment can hold them all. A stack is still run in an environment of its own, of
links into that one: a package it forgot to require is not there.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from importlib.metadata import distributions
from pathlib import Path

from linter import Output, ToolError, run


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(files: Iterable[Path]) -> dict[str, str]:
    """The lines of each package in hash-pinned requirement files, by its name."""
    found: dict[str, str] = {}
    for file in files:
        text = re.sub(r"^#.*\n", "", file.read_text(), flags=re.MULTILINE)
        for lines in re.split(r"(?<!\\)\n", text):
            if lines.strip():
                name = normalised(re.split(r"[\s=<>~!;\[]", lines.strip(), maxsplit=1)[0])
                known = found.setdefault(name, lines)
                if _unconditional(known) != _unconditional(lines):
                    raise ToolError(f"two stacks lock {name} differently")
                if known != lines:
                    # What one stack needs on some systems another may need on all.
                    found[name] = _unconditional(lines)
    return found


def _unconditional(lines: str) -> str:
    return re.sub(r" ;.*?( \\\n|$)", r"\1", lines, count=1)


class Environments:
    """Makes and remembers environments."""

    def __init__(self, uv: Path, python: str, cache: Path, work: Path) -> None:
        self.uv = uv
        self.python = python
        self.cache = cache
        self.work = work
        self.shared = Path()
        self._entries: dict[str, set[str]] = {}

    def prepare(self, outputs: Iterable[Output]) -> None:
        """Makes the environment that holds the packages of all these."""
        packages = locked(file for output in outputs for file in output.requirements)
        self.shared = self._cached("all", packages, self._install_shared)
        (site,) = self.shared.glob("lib/python*/site-packages")
        owners: dict[str, str] = {}
        for distribution in distributions(path=[str(site)]):
            name = normalised(distribution.metadata["Name"])
            entries = {file.parts[0] for file in distribution.files or []}
            self._entries[name] = entries - {"..", "__pycache__"}
            for entry in self._entries[name]:
                if owners.setdefault(entry, name) != name:
                    raise ToolError(f"{name} and {owners[entry]} share {entry}: link its contents")

    def own(self, requirements: Iterable[Path]) -> Path:
        """The interpreter of an environment with exactly these packages."""
        home = Path(tempfile.mkdtemp(prefix="environment-", dir=self.work))
        interpreter = self.shared / "bin/python"
        run(self.uv, "venv", "--quiet", "--clear", "--python", interpreter, home, verdicts=[0])
        (source,) = self.shared.glob("lib/python*/site-packages")
        (site,) = home.glob("lib/python*/site-packages")
        for name in locked(requirements):
            # One that is missing is for another system: uv has read the markers.
            for entry in self._entries.get(name, ()):
                if entry.endswith(".dist-info"):
                    # uv takes no link for a package.
                    shutil.copytree(source / entry, site / entry, copy_function=os.symlink)
                else:
                    (site / entry).symlink_to(source / entry)
        return home / "bin/python"

    def directory_for(self, name: str, packages: dict[str, str], python: str) -> Path:
        """Packages for another Python version on Linux, to put on PYTHONPATH."""

        def install(home: Path, requirements: Path) -> None:
            run(
                self.uv, "pip", "install", "--quiet", "--require-hashes", "--no-deps",
                "--only-binary", ":all:", "--python-version", python,
                "--python-platform", f"{platform.machine()}-manylinux_2_28",
                "--target", home, "--requirement", requirements, verdicts=[0],
            )  # fmt: skip

        return self._cached(f"{name}-{python}", packages, install)

    def _install_shared(self, home: Path, requirements: Path) -> None:
        run(self.uv, "venv", "--quiet", "--python", self.python, home, verdicts=[0])
        run(
            self.uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode",
            "--python", home / "bin/python", requirements, verdicts=[0],
        )  # fmt: skip

    def _cached(
        self, kind: str, packages: dict[str, str], install: Callable[[Path, Path], None]
    ) -> Path:
        text = "\n".join(packages[name] for name in sorted(packages)) + "\n"
        key = hashlib.sha256(f"{self.python}\n{text}".encode()).hexdigest()[:16]
        home = self.cache / f"{kind}-{key}"
        if not (home / "complete").is_file():
            shutil.rmtree(home, ignore_errors=True)
            home.parent.mkdir(parents=True, exist_ok=True)
            requirements = self.work / f"{kind}.txt"
            requirements.write_text(text)
            install(home, requirements)
            (home / "complete").touch()
        return home
