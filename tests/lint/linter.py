"""What a linter is, how it is run over outputs, and what its verdicts come to.

No linter is believed: each is also given a specimen, a copy of one output with a
fault planted in it, and has to find that fault.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

# What tools get of the caller's environment: where things are, the engine to talk to, and
# how this machine reaches the package indexes.
INHERITED = re.compile(
    r"(PATH|HOME|LANG|TMPDIR|XDG_CACHE_HOME)$|DOCKER_|PIP_|UV_|SSL_CERT_|REQUESTS_CA_"
    r"|(https?|no|all)_proxy$",
    re.IGNORECASE,
)

# By the name of the output. An output that is missing was not looked at.
Findings = dict[str, list[str]]


class ToolError(Exception):
    """A tool is missing, or ended in a way that is no verdict."""


@dataclass(frozen=True)
class Output:
    """What one call of `dockwright new` or `init` wrote."""

    name: str
    path: Path
    # Of that call, so that it can be repeated by hand.
    arguments: tuple[str, ...] = ()
    # The same stack for this machine's Python, where its code can be run here.
    runnable: Path | None = None
    # The packages of that stack, for pip.
    requirements: tuple[Path, ...] = ()
    compose: str = "compose.yaml"
    development: str = "compose.dev.yaml"

    def has(self, file: str) -> bool:
        return (self.path / file).is_file()


@dataclass(frozen=True)
class Linter:
    """One check of generated files."""

    name: str
    # The outputs that have something for it.
    outputs: Sequence[Output]
    check: Callable[[Sequence[Output]], Findings]
    # Puts a fault into a specimen, and a text that its finding contains.
    plant: Callable[[Output], None]
    sign: str
    # Called for one output at a time, several at once.
    each: bool = False
    # Called before the check and before the specimen is copied.
    prepare: Callable[[Output], None] = lambda output: None


@dataclass
class Verdict:
    """What came of a linter."""

    linter: Linter
    findings: Findings = field(default_factory=dict)
    # Why the linter is not to be believed.
    broken: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def failed(self) -> int:
        """Outputs that did not pass; all of them if the linter is not to be believed."""
        if self.broken:
            return max(1, len(self.linter.outputs))
        return sum(1 for found in self.findings.values() if found)

    @property
    def passed(self) -> int:
        return max(0, len(self.linter.outputs) - self.failed)


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    verdicts: Sequence[int] = (0, 1),
) -> subprocess.CompletedProcess[str]:
    """Runs a tool without the caller's own settings. Any exit code that is no verdict
    is a ToolError."""
    inherited = {name: value for name, value in os.environ.items() if INHERITED.match(name)}
    words = [str(word) for word in command]
    try:
        done = subprocess.run(  # noqa: S603 (the words are this program's own)
            words,
            cwd=cwd,
            env=inherited | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"{words[0]}: {error}") from error
    if done.returncode not in verdicts:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        # What went wrong stands first with some tools, last with others.
        if len(said) > 24:
            said = [*said[:12], "…", *said[-12:]]
        raise ToolError(
            f"`{' '.join(words)[:200]}` ended with {done.returncode}:\n" + "\n".join(said)
        )
    return done


def read_json(done: subprocess.CompletedProcess[str]) -> Any:
    """The report of a tool that writes JSON."""
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise ToolError(f"no report: {done.stderr.strip()[-500:]}") from error


def lint(linters: Sequence[Linter], workshop: Path) -> list[Verdict]:
    """Runs all linters, several at once; `workshop` holds the specimens."""
    # Two more than there are CPUs, because some wait for a package index.
    with ThreadPoolExecutor((os.cpu_count() or 1) + 2) as pool:
        started = [(linter, _start(linter, workshop, pool)) for linter in linters]
        return [_verdict(linter, futures) for linter, futures in started]


Part = tuple[Findings, str, float]


def _start(linter: Linter, workshop: Path, pool: ThreadPoolExecutor) -> list[Future[Part]]:
    if not linter.outputs:
        return []
    if not linter.each:
        return [pool.submit(_part, linter, linter.outputs, workshop)]
    ones = [pool.submit(_part, linter, [output], None) for output in linter.outputs]
    return [pool.submit(_part, linter, [], workshop), *ones]


def _part(linter: Linter, outputs: Sequence[Output], workshop: Path | None) -> Part:
    """Checks some outputs, and a specimen if there is a place for it."""
    begun = time.monotonic()
    try:
        for output in outputs:
            linter.prepare(output)
        specimens = [_specimen(linter, workshop)] if workshop else []
        findings = linter.check([*outputs, *specimens])
        missed = ""
        for specimen in specimens:
            found = findings.pop(specimen.name, [])
            if not any(linter.sign in line for line in found):
                missed = f"did not find the planted fault ({linter.sign}): {found[:3]}"
        return findings, missed, time.monotonic() - begun
    except Exception as error:  # noqa: BLE001 (whatever it is, there is no verdict)
        return {}, f"{type(error).__name__}: {error}", time.monotonic() - begun


def _specimen(linter: Linter, workshop: Path) -> Output:
    donor = linter.outputs[0]
    home = workshop / linter.name.replace(" ", "-")
    path = home / "as-written"
    shutil.copytree(donor.path, path)
    runnable = None
    if donor.runnable:
        runnable = home / "runnable"
        shutil.copytree(donor.runnable, runnable)
    requirements = tuple(Path(shutil.copy(file, home / file.name)) for file in donor.requirements)
    specimen = replace(
        donor,
        name=f"specimen of {linter.name}",
        path=path,
        runnable=runnable,
        requirements=requirements,
    )
    linter.plant(specimen)
    return specimen


def _verdict(linter: Linter, futures: list[Future[Part]]) -> Verdict:
    verdict = Verdict(linter)
    if not futures:
        verdict.broken.append("has nothing to look at")
    for future in futures:
        findings, broken, seconds = future.result()
        verdict.findings |= findings
        verdict.seconds += seconds
        if broken:
            verdict.broken.append(broken)
    unseen = [output.name for output in linter.outputs if output.name not in verdict.findings]
    if unseen and not verdict.broken:
        verdict.broken.append(f"did not look at {', '.join(unseen)}")
    return verdict


def edit(file: Path, old: str, new: str) -> None:
    """Plants a fault in place of `old`, which must be there."""
    text = file.read_text()
    if old not in text:
        raise ToolError(f"{file.name} has no {old!r} to put a fault in place of")
    file.write_text(text.replace(old, new, 1))


def add(file: Path, line: str) -> None:
    """Plants a fault at the end, or in a file of its own."""
    with file.open("a") as text:
        text.write(line + "\n")
