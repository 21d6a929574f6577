"""What a check is, and how it is proven: by faults that it has to find in copies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from linter import Findings
from stacks import Stack


@dataclass(frozen=True)
class Fault:
    """A copy of a stack in which one thing is wrong."""

    stack: Stack
    # A text that its finding contains.
    sign: str


@dataclass(frozen=True)
class Check:
    name: str
    # Those that have something for it.
    stacks: Sequence[Stack]
    # Called once, for all of them and for the faulty copies. A stack that is missing in the
    # answer was not looked at.
    find: Callable[[Sequence[Stack]], Findings]
    faults: Sequence[Fault]


@dataclass
class Verdict:
    check: Check
    findings: Findings = field(default_factory=dict)
    # Why the check is not to be believed.
    broken: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def failed(self) -> int:
        if self.broken:
            return max(1, len(self.check.stacks))
        return sum(1 for found in self.findings.values() if found)

    @property
    def passed(self) -> int:
        return max(0, len(self.check.stacks) - self.failed)


def each(judge: Callable[[Stack], Iterable[str]]) -> Callable[[Sequence[Stack]], Findings]:
    """For what looks at one stack at a time."""
    return lambda stacks: {stack.name: list(judge(stack)) for stack in stacks}


def judged(checks: Sequence[Check]) -> list[Verdict]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(_verdict, checks))


def _verdict(check: Check) -> Verdict:
    begun = time.monotonic()
    verdict = Verdict(check)
    if not check.stacks:
        verdict.broken.append("has nothing to look at")
    if not check.faults:
        verdict.broken.append("is not proven by any fault")
    try:
        findings = check.find([*check.stacks, *(fault.stack for fault in check.faults)])
    except Exception as error:  # noqa: BLE001 (whatever it is, there is no verdict)
        verdict.broken.append(f"{type(error).__name__}: {error}")
        findings = {}
    for fault in check.faults if findings else []:
        found = findings.get(fault.stack.name, [])
        if not any(fault.sign in line for line in found):
            verdict.broken.append(f"does not find {fault.stack.name} ({fault.sign}): {found[:3]}")
    verdict.findings = {
        stack.name: findings[stack.name] for stack in check.stacks if stack.name in findings
    }
    unseen = [stack.name for stack in check.stacks if stack.name not in verdict.findings]
    if unseen and not verdict.broken:
        verdict.broken.append(f"did not look at {', '.join(unseen)}")
    verdict.seconds = time.monotonic() - begun
    return verdict
