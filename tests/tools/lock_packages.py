#!/usr/bin/env python3
"""Writes src/catalog/data/packages.json: the versions, hashes and dependencies of
every package named in src/catalog/data/requirements.toml and frameworks.toml.

    pip install uv && python3 tests/tools/lock_packages.py [--keep]

tests/tools/refresh.py runs it with everything else that ages.

With --keep a package that was resolved before keeps its version: only new ones are added.
For each Python version uv resolves all packages together, so that any choice
among them is consistent. Python 3.11 or newer runs this; the resolved versions
need not be installed.
"""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "src" / "catalog" / "data"
REQUIREMENTS = DATA / "requirements.toml"
FRAMEWORKS = DATA / "frameworks.toml"
PACKAGES = DATA / "packages.json"

PYTHONS = ("3.11", "3.12", "3.13", "3.14")

# The systems that every package resolves for. One marker, not a list: a list would let
# each system resolve to its own versions.
SYSTEMS = (
    "implementation_name == 'cpython' and platform_python_implementation == 'CPython' and ("
    "(sys_platform == 'linux' and (platform_machine == 'x86_64' or platform_machine == 'aarch64'))"
    " or (sys_platform == 'darwin' and (platform_machine == 'x86_64' or platform_machine == 'arm64'))"
    " or (sys_platform == 'win32' and (platform_machine == 'AMD64' or platform_machine == 'ARM64')))"
)

# Installed from the index of CPU builds, whose files have other hashes.
CPU_INDEX = {"torch", "torchvision"}

# The CUDA stack that torch's wheels on PyPI ask for; CPU builds do not.
CUDA = re.compile(r"^(nvidia-(?!ml-py$).*|cuda-.*|triton|pytorch-triton)$")

# ultralytics asks for opencv-python; opencv-python-headless has the same module
# and needs no desktop libraries.
NEVER_INSTALLED = ("opencv-python",)

# What may be left in a marker once Python's minor version is fixed.
MARKER_VARIABLES = {"sys_platform", "platform_machine", "platform_system", "os_name", "python_full_version"}


def normalise(name: str) -> str:
    """The name in PEP 503's spelling."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_lines() -> list[str]:
    rows = tomllib.loads(REQUIREMENTS.read_text())["package"]
    lines = {row["name"] + (f" ; {row['marker']}" if row.get("marker") else "") for row in rows if "name" in row}
    for framework in tomllib.loads(FRAMEWORKS.read_text())["framework"]:
        for key in ("packages", "test-packages", "stubs"):
            lines.update(framework.get(key, []))
    return sorted(lines)


def known_versions(python: str) -> list[str]:
    """The versions of the last resolution, as constraints."""
    packages = json.loads(PACKAGES.read_text())["graphs"].get(python, {})
    return [f"{name}=={package['version']}" for name, package in packages.items()]


def resolve(python: str, constraints: list[str]) -> dict[str, Any]:
    """uv's lock file of all packages on one Python version."""
    project = {
        "name": "dockwright-packages",
        "version": "0",
        # uv locks only for a requires-python that the interpreter it runs on fulfils:
        # the version is chosen by the environment's marker instead.
        "requires-python": f">={PYTHONS[0]}",
        "dependencies": requirement_lines(),
    }
    uv_options = {
        "package": False,
        "environments": [f"python_full_version == '{python}.*' and {SYSTEMS}"],
        "constraint-dependencies": constraints,
        "override-dependencies": [f"{name} ; python_version < '0'" for name in NEVER_INSTALLED],
    }
    # JSON's strings and arrays are TOML's as well.
    tables = {"project": project, "tool.uv": uv_options}
    text = "".join(
        f"[{table}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in rows.items())
        for table, rows in tables.items()
    )
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "pyproject.toml").write_text(text)
        command = ["uv", "lock", "--quiet", "--no-python-downloads", "--directory", directory]
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError:
            sys.exit("uv is missing: pip install uv")
        except subprocess.CalledProcessError:
            sys.exit(f"Python {python}: uv found no versions that fit together (its message is above)")
        return tomllib.loads(Path(directory, "uv.lock").read_text())


def usable(python: str, wheel: str) -> bool:
    """Whether a wheel, by its file name, installs on this version of CPython."""
    minor = int(python.split(".")[1])
    pythons, abi, _ = wheel.removesuffix(".whl").split("-")[-3:]
    if abi == "abi3":
        return any(tag.startswith("cp3") and int(tag[3:]) <= minor for tag in pythons.split("."))
    if abi == "none":
        return any(tag in ("py3", f"py3{minor}", f"cp3{minor}") for tag in pythons.split("."))
    return abi == f"cp3{minor}"


def runs_on_linux(machine: str, wheel: str) -> bool:
    """Whether a wheel, by its file name, installs on Debian."""
    system = wheel.removesuffix(".whl").split("-")[-1]
    return system == "any" or ("manylinux" in system and machine in system)


def without_other_versions(python: str, marker: str) -> str:
    """An "a or b" marker without the clauses that are false on this minor version."""
    this = tuple(map(int, python.split(".")))

    def false(clause: str) -> bool:
        bound = re.fullmatch(r"python_full_version (<|>=) '(\d+)\.(\d+)'", clause)
        if not bound:
            return False
        other = (int(bound[2]), int(bound[3]))
        return this >= other if bound[1] == "<" else this < other

    if "(" in marker or " and " in marker:
        return marker
    return " or ".join(clause for clause in marker.split(" or ") if not false(clause))


def needs(python: str, dependencies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """uv.lock's dependencies as this file's, without the CUDA stack."""
    result = []
    for dependency in dependencies:
        if CUDA.match(dependency["name"]):
            continue
        need: dict[str, Any] = {"name": normalise(dependency["name"])}
        if extras := dependency.get("extra"):
            need["extras"] = sorted(extras)
        if marker := without_other_versions(python, dependency.get("marker", "")):
            unknown = set(re.findall(r"[a-z_]+(?= *[=!<>])", marker)) - MARKER_VARIABLES
            if unknown:
                sys.exit(f"Python {python}: {need['name']}: marker that nobody can decide at install time: {marker}")
            need["marker"] = marker
        result.append(need)
    return sorted(result, key=lambda need: (need["name"], need.get("marker", "")))


def graph(python: str, lock: dict[str, Any], files: dict[str, set[str]]) -> dict[str, Any]:
    """One Python version's packages; their files' hashes are added to `files`."""
    result: dict[str, Any] = {}
    for package in lock["package"]:
        name = normalise(package["name"])
        if "virtual" in package["source"] or CUDA.match(name):
            continue
        if name in result:
            sys.exit(f"Python {python}: two versions of {name}: the systems do not agree on one")
        result[name] = {"version": package["version"], "needs": needs(python, package.get("dependencies", []))}
        extras = package.get("optional-dependencies", {})
        if extras:
            result[name]["extras"] = {extra: needs(python, rows) for extra, rows in sorted(extras.items())}

        hashes = files.setdefault(f"{name}=={package['version']}", set())
        if name in CPU_INDEX:
            continue
        wheels = [file for file in package.get("wheels", []) if usable(python, file["url"])]
        for machine in ("x86_64", "aarch64"):
            if not any(runs_on_linux(machine, file["url"]) for file in wheels):
                sys.exit(f"Python {python}: {name} has no wheel for Linux on {machine}: the image could not build it")
        for file in [*wheels, *([package["sdist"]] if "sdist" in package else [])]:
            algorithm, _, value = file["hash"].partition(":")
            if algorithm != "sha256":
                sys.exit(f"{name}: {algorithm} instead of sha256")
            hashes.add(value)
        if not hashes:
            sys.exit(f"Python {python}: {name} has no file for the systems of SYSTEMS")
    return dict(sorted(result.items()))


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def one_per_line(rows: dict[str, Any], indent: str) -> str:
    return ",\n".join(f"{indent}{json.dumps(key)}: {compact(value)}" for key, value in rows.items())


def main() -> None:
    keep = sys.argv[1:] == ["--keep"]
    files: dict[str, set[str]] = {}
    graphs = {}
    for python in PYTHONS:
        lock = resolve(python, known_versions(python) if keep else [])
        graphs[python] = graph(python, lock, files)

    hashes = {key: sorted(values) for key, values in sorted(files.items())}
    tables = ",\n".join(f'  "{python}": {{\n{one_per_line(rows, "   ")}\n  }}' for python, rows in graphs.items())
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    text = f'{{\n "read": "{day}",\n "files": {{\n{one_per_line(hashes, "  ")}\n }},\n "graphs": {{\n{tables}\n }}\n}}\n'
    json.loads(text)
    PACKAGES.write_text(text)
    counts = ", ".join(f"{len(rows)} on {python}" for python, rows in graphs.items())
    print(f"{PACKAGES.name}: {len(text) // 1024} KiB; packages: {counts}")


if __name__ == "__main__":
    main()
