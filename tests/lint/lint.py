"""Lints generated stacks; see README.md. Called by run.sh, which installs the tools."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import compose_files
import container_files
import ignores
import packages
import python_files
from environments import Environments
from linter import Linter, Output, ToolError, Verdict, lint
from outputs import Generator, Outputs

BEGUN = time.monotonic()

# Of one linter; a fault in a template is found in many outputs.
SHOWN = 12


def main() -> int:
    options = _options()
    work = Path(tempfile.mkdtemp(prefix="dockwright-lint-"))
    try:
        return _lint(options, work)
    except ToolError as error:
        print(f"lint: {error}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"outputs are in {work}")
        else:
            shutil.rmtree(work, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/lint/run.sh", description=__doc__)
    parser.add_argument(
        "--dockwright",
        type=lambda path: Path(path).resolve(),
        required=True,
        help=argparse.SUPPRESS,
    )
    parser.add_argument("--cache", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help="leave the outputs on disk")
    parser.add_argument("linter", nargs="*", help="only linters with these words in their names")
    return parser.parse_args()


def _lint(options: argparse.Namespace, work: Path) -> int:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    tools = Path(sys.prefix) / "bin"
    generator = Generator(options.dockwright, python, work)
    outputs = generator.everything()
    _say(f"{len(outputs.containers)} outputs, {len(outputs.adopted)} of repositories with code")
    environments = Environments(tools / "uv", python, options.cache, work)
    environments.prepare(outputs.all)
    _say(f"environment of Python {python}")

    every: list[Linter] = [
        *python_files.linters(outputs, environments, options.cache),
        *packages.linters(outputs, tools, generator, environments, work),
        *compose_files.linters(outputs, tools, work),
        *container_files.linters(outputs, tools, work),
        *ignores.linters(outputs),
    ]
    chosen = [
        linter
        for linter in every
        if not options.linter or any(word in linter.name for word in options.linter)
    ]
    if not chosen:
        raise ToolError(f"no such linter; there are {', '.join(linter.name for linter in every)}")
    return _report(lint(chosen, work / "specimens"), outputs)


def _report(verdicts: list[Verdict], outputs: Outputs) -> int:
    print(f"{'linter':36}{'outputs':>8}{'findings':>10}{'seconds':>9}")
    for verdict in verdicts:
        found = sum(len(lines) for lines in verdict.findings.values())
        count = len(verdict.linter.outputs)
        print(f"{verdict.linter.name:36}{count:8}{found:10}{verdict.seconds:9.1f}")
        for reason in verdict.broken[:3]:
            print(f"  not to be believed: {reason}")
        for line in _shown(verdict):
            print(f"  {line}")
    blamed = {name for verdict in verdicts for name, found in verdict.findings.items() if found}
    every = [*outputs.containers, *outputs.torch]
    owners = [output for output in every if output.name in blamed]
    for output in owners[:3]:
        print(_command(output))
    _say("done")
    passed = sum(verdict.passed for verdict in verdicts)
    failed = sum(verdict.failed for verdict in verdicts)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _shown(verdict: Verdict) -> list[str]:
    """The same finding once, whatever its line, with the outputs that have it."""
    first: dict[str, str] = {}
    names: dict[str, dict[str, None]] = {}
    for name, lines in verdict.findings.items():
        for line in lines:
            kind = re.sub(r":\d+", ":", line)
            first.setdefault(kind, line)
            names.setdefault(kind, {})[name] = None
    shown = [f"{first[kind]} ({_some(list(owners))})" for kind, owners in names.items()]
    rest = len(shown) - SHOWN
    return shown if rest <= 0 else [*shown[:SHOWN], f"… and {rest} more"]


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _command(output: Output) -> str:
    words = " ".join(f"'{word}'" if word.endswith("=") else word for word in output.arguments)
    if "--rewrite" in output.arguments:
        repository = output.path.name
        return f"dockwright init {words}, in a repository of repositories/{repository}.txt"
    return f"dockwright new {output.name} {words}"


def _say(what: str) -> None:
    print(f"lint: {what} ({time.monotonic() - BEGUN:.0f} s)", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
