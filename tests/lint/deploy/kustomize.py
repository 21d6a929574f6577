"""Builds every overlay, and the production one with combinations of its components."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from linter import Findings, edit, run
from proof import Check, Fault
from stacks import FULL, Stack, documents

# What scales in place of a number of replicas, and whose.
SCALES = {"autoscaling": "web", "queue-scaling": "worker"}
# Annotates what the others bring, so it is the last one, as the overlay says.
LAST = "argo-cd"


def check(stacks: Sequence[Stack], kubectl: Path, work: Path) -> Check:
    """Fills `builds` of the stacks as it goes."""

    def build(stack: Stack, overlay: Path, name: str) -> list[str]:
        done = run(kubectl, "kustomize", overlay, verdicts=(0, 1))
        stack.builds[name] = documents(done.stdout)
        # A warning is a finding.
        return [f"{name}: {line}" for line in done.stderr.splitlines()]

    def find(some: Sequence[Stack]) -> Findings:
        jobs = [(stack, *job) for stack in some for job in _overlays(stack, work / "overlays")]
        findings: Findings = {stack.name: [] for stack in some}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for job, found in zip(jobs, pool.map(lambda job: build(*job), jobs), strict=True):
                findings[job[0].name] += found
        return findings

    def fault(name: str, file: str, old: str, new: str, sign: str) -> Fault:
        copy = stacks[0].copy(f"fault kustomize {name}", work)
        edit(copy.kubernetes / file, old, new)
        return Fault(copy, sign)

    production = "overlays/production/kustomization.yaml"
    return Check(
        "kubectl kustomize",
        stacks,
        find,
        [
            fault("field", production, "\nreplacements:", "\nreplacement:", "unknown field"),
            fault("file", "base/kustomization.yaml", "- web.yaml", "- wep.yaml", "wep.yaml"),
            fault("target", production, "    - data.IMAGE", "    - data.IMAGES.x", "IMAGES"),
            fault("deprecated", production, "\nresources:", "\nbases:", "deprecated"),
        ],
    )


def _overlays(stack: Stack, work: Path) -> Iterator[tuple[Path, str]]:
    """Directories to build, in a copy, and the names of the builds."""
    copy = work / stack.name.replace("/", "_")
    shutil.copytree(stack.kubernetes, copy)
    own = sorted(path for path in (copy / "overlays").iterdir() if path.is_dir())
    yield from ((overlay, overlay.name) for overlay in own)
    if stack.name.startswith("fault "):
        return
    names = sorted({path.name for path in (copy / "components").iterdir()} - {"stores", LAST})
    for chosen in _combinations(names, every=stack.name == FULL):
        name = "+".join(("combination", *chosen))
        overlay = copy / "overlays" / name
        overlay.mkdir()
        text = _overlay(copy, chosen)
        (overlay / "kustomization.yaml").write_text(text)
        yield overlay, name


def _combinations(names: list[str], *, every: bool) -> list[tuple[str, ...]]:
    """None, each alone and all; of the stack that has every component each two as well, since
    they patch one another."""
    sizes = (0, 1, 2, len(names)) if every else (0, 1, len(names))
    chosen = [some for size in sizes for some in itertools.combinations(names, size)]
    return [(*some, *last) for some in dict.fromkeys(chosen) for last in ((), (LAST,))]


def _overlay(copy: Path, chosen: tuple[str, ...]) -> str:
    """The production overlay with other components."""
    production = (copy / "overlays/production/kustomization.yaml").read_text()
    before, rest = re.split(r"^components:\n", production, flags=re.M)
    after = re.split(r"^(?=[a-z#])", rest, maxsplit=1, flags=re.M)[1]
    after = re.sub(r"^(# None for what.*\n)?replicas:\n([ -].*\n)+", "", after, flags=re.M)
    services = [name for name in ("web", "worker") if (copy / f"base/{name}.yaml").exists()]
    scaled = {SCALES.get(name) for name in chosen}
    fixed = [service for service in services if service not in scaled]
    [project] = re.findall(r"^  name: (.*)-web\n", (copy / "base/web.yaml").read_text(), re.M)[:1]
    if chosen:
        before += "components:\n" + "".join(f"- ../../components/{name}\n" for name in chosen)
    if fixed:
        before += "replicas:\n"
        before += "".join(f"- {{name: {project}-{service}, count: 2}}\n" for service in fixed)
    return before + after
