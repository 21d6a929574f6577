"""Compares stacks as they are planned with the same stacks under other numbers; README.md in `tests/live` says
more. Called by compare.sh, which provides the engine, dockwright and the load generator."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import report
from recipes import SUBJECTS, TASKS, Queue, Recipe, Subject

HERE = Path(__file__).resolve().parent

CLIENTS = 32
WARM_UP = 4
MEMORY = {1: "2GiB", 2: "4GiB"}
PORT = 21_300


def run(*words: str | Path, cwd: Path | None = None, given: str | None = None) -> str:
    """What a command prints; one that fails ends the comparison."""
    line = [str(word) for word in words]
    done = subprocess.run(line, cwd=cwd, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"compare: `{' '.join(line)[:200]}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def say(what: str) -> None:
    print(f"compare: {what}", file=sys.stderr, flush=True)


@dataclass
class Stack:
    """One variant of a subject: a project of its own over files that variants share."""

    variant: str
    home: Path
    project: str
    port: int
    rounds: list[report.Figures] = field(default_factory=list)

    def compose(self, *words: str, given: str | None = None) -> str:
        return run(
            "docker", "compose", "--progress", "quiet", "--project-name", self.project,
            "--file", "compose.yaml", "--file", f"{self.project}.yaml", *words,
            cwd=self.home, given=given,
        )  # fmt: skip

    def up(self) -> None:
        self.compose("up", "--detach", "--wait", "--wait-timeout", "180")

    def down(self) -> None:
        self.compose("down", "--volumes", "--timeout", "5")

    def fill(self) -> None:
        """The rows that are read under load."""
        for _ in range(100):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            kind = {"Content-Type": "application/json"}
            connection.request("POST", "/items", '{"name": "one of many"}', kind)
            if (status := connection.getresponse().status) != 201:
                raise SystemExit(f"compare: {self.project} answers {status} to POST /items")


class Comparison:
    """One subject on so many CPUs."""

    def __init__(self, subject: Subject, cpus: int, options: argparse.Namespace, work: Path) -> None:
        self.subject = subject
        self.options = options
        self.work = work / f"{subject.name}-{cpus}"
        self.cpus = cpus
        every = sorted(os.sched_getaffinity(0))
        self.own, rest = every[:cpus], every[cpus:]
        self.shares = not rest
        self.load_on = rest or every
        self.stacks: list[Stack] = []

    def prepare(self) -> None:
        """Writes and builds every variant."""
        self.work.mkdir()
        planned = self._write("planned", self.options.dockwright, {})
        self._add("planned", planned, None)
        for recipe in self.subject.recipes:
            self._add(recipe.name, planned, recipe)
        if self.options.before:
            self._add("before", self._write("before", self.options.before, {}), None)
        for variant, pins in self.options.pins.items():
            self._add(variant, self._write(variant, self.options.dockwright, pins), None)

    def _write(self, name: str, dockwright: Path, pins: dict[str, str]) -> Path:
        home = self.work / name.replace(" ", "-")
        settings = self.subject.settings | pins
        settings |= {
            "deploy.cpus": str(self.cpus),
            "deploy.memory": MEMORY[self.cpus],
            "project.name": f"compare-{home.name}",
        }
        sets = [f"--set={key}={value}" for key, value in settings.items()]
        run(dockwright, "new", home, "--yes", "--preset", self.subject.preset, *sets)
        if self.subject.queues:
            with (home / "app/tasks.py").open("a") as tasks:
                tasks.write(TASKS)
        run("docker", "compose", "--progress", "quiet", "build", cwd=home)
        return home

    def _add(self, variant: str, home: Path, recipe: Recipe | None) -> None:
        number = len(self.stacks)
        stack = Stack(variant, home, f"compare-{self.subject.name}-{number}", PORT + number)
        described = run("docker", "compose", "config", "--format", "json", cwd=home)
        lines = ["services:"]
        for name, service in json.loads(described)["services"].items():
            lines += [f"  {name}:", f'    cpuset: "{",".join(map(str, self.own))}"']
            for port in service.get("ports", []):
                lines.append(f'    ports: !override ["127.0.0.1:{stack.port}:{port["target"]}"]')
            if recipe:
                lines += self._numbers(name, recipe)
        (home / f"{stack.project}.yaml").write_text("\n".join(lines) + "\n")
        self.stacks.append(stack)

    def _numbers(self, name: str, recipe: Recipe) -> list[str]:
        """A recipe's part of an override file."""
        limits = {"memory": f"{recipe.memory[name]}M"} if name in recipe.memory else {}
        lines = [
            "    cpu_shares: !reset null",
            f"    deploy: !override {json.dumps({'resources': {'limits': limits}})}",
        ]
        command: list[str] = []
        if name == "web" and recipe.server:
            command = [recipe.server[0], self.subject.application, *recipe.server[1:]]
            lines.append(f"    environment: {json.dumps(recipe.environment)}")
        elif name == "db":
            settings = (f"{key}={value}" for key, value in recipe.postgres.items())
            command = ["postgres", *(word for setting in settings for word in ("-c", setting))]
        elif name == "redis" and recipe.redis:
            options = " ".join(option or '""' for option in recipe.redis)
            # Two dollars, because one is Compose's own.
            command = ["sh", "-euc", f'exec redis-server --requirepass "$$REDIS_PASSWORD" {options}']
        elif name == "worker" and recipe.celery:
            command = ["celery", "--app=app.celery_app:app", "worker", *recipe.celery]
        if command:
            lines.append(f"    command: !override {json.dumps(command)}")
        return lines

    def start(self) -> report.Figures:
        """Seconds until every service is healthy, of planned and before, from no volumes."""
        stacks = [stack for stack in self.stacks if stack.variant in ("planned", "before")]
        seconds: dict[str, list[float]] = {stack.variant: [] for stack in stacks}
        for _ in range(self.options.starts):
            for stack in stacks:
                begun = time.monotonic()
                stack.up()
                seconds[stack.variant].append(time.monotonic() - begun)
                stack.down()
        return {variant: statistics.median(some) for variant, some in seconds.items()}

    def measure(self, load: str) -> dict[str, report.Cell]:
        """All variants run; one at a time is under load, in turn."""
        cells = {}
        stacks = [stack for stack in self.stacks if stack.variant != "before"]
        for stack in stacks:
            stack.up()
            if not self.subject.queues:
                stack.fill()
        kinds: dict[str, Queue | None] = {**self.subject.queues} or {"requests": None}
        for kind, queue in kinds.items():
            for number in range(-1, self.options.rounds):
                for stack in stacks:
                    if queue:
                        figures = self._queue(stack, *queue)
                    else:
                        figures = self._requests(stack, load, WARM_UP if number < 0 else self.options.seconds)
                    if number < 0:
                        stack.rounds = []
                    else:
                        stack.rounds.append(figures)
                        say(f"{self.subject.name}, {kind}, {stack.variant}: {figures}")
            cells[kind] = {stack.variant: report.summed_up(stack.rounds, stacks[0].rounds) for stack in stacks}
        return cells

    def _requests(self, stack: Stack, load: str, seconds: int) -> report.Figures:
        said = run(
            "docker", "exec", load, "wrk", "--threads", "1", "--connections", str(CLIENTS),
            "--duration", f"{seconds}s", "--timeout", "20s", "--script", "/requests.lua",
            f"http://127.0.0.1:{stack.port}",
        )  # fmt: skip
        found = json.loads(said.strip().splitlines()[-1])
        return {
            "rate": found["requests"] / found["seconds"],
            "p50": found["p50"],
            "p99": found["p99"],
            "failed": found["failed"],
        }

    def _queue(self, stack: Stack, task: str, count: int, argument: float) -> report.Figures:
        program = (HERE / "queue_tasks.py").read_text()
        words = ("exec", "--no-TTY", "web", "python", "-", task, str(count), str(argument))
        found = json.loads(stack.compose(*words, given=program).strip().splitlines()[-1])
        return {"rate": count / found["seconds"], "failed": found["failed"]}

    def end(self) -> None:
        for stack in self.stacks:
            stack.down()
        for image in {f"compare-{stack.home.name}" for stack in self.stacks}:
            for name in (f"{image}:local", f"{image}-nginx:local"):
                subprocess.run(["docker", "image", "rm", name], capture_output=True, check=False)


def main() -> None:
    # What was started is taken away on this signal as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    subjects = [subject for subject in SUBJECTS if not options.subjects or subject.name in options.subjects]
    work = Path(tempfile.mkdtemp(prefix="dockwright-compare-"))
    try:
        for cpus in options.cpus:
            for subject in subjects:
                _compare(Comparison(subject, cpus, options, work))
    finally:
        shutil.rmtree(work)


def _compare(comparison: Comparison) -> None:
    subject, cpus = comparison.subject, comparison.cpus
    load = run(
        "docker", "run", "--detach", "--rm", "--network", "host",
        "--cpuset-cpus", ",".join(map(str, comparison.load_on)), comparison.options.image,
    ).strip()  # fmt: skip
    try:
        say(f"{subject.name} on {cpus} CPUs: building")
        comparison.prepare()
        started = comparison.start() if subject.starts and comparison.options.starts else {}
        cells = comparison.measure(load) if comparison.options.rounds else {}
        found = report.entries(subject.name, cpus, comparison.shares, cells, started)
        if comparison.options.write:
            report.save(report.load() | found)
        print(report.page(found))
    finally:
        comparison.end()
        run("docker", "rm", "--force", load)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/live/compare.sh", description=__doc__)
    parser.add_argument("--dockwright", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--image", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--before", type=Path, help="another dockwright, whose starts are timed, too")
    parser.add_argument("--cpus", type=int, action="append", choices=MEMORY, help="only on so many CPUs")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each round")
    parser.add_argument("--starts", type=int, default=3, help="rounds of the time to healthy")
    parser.add_argument(
        "--pin", action="append", default=[], metavar="NAME:KEY=VALUE,…", help="the plan with these pins, too"
    )
    parser.add_argument("--write", action="store_true", help="keep the figures in comparison.md")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT")
    options = parser.parse_args()
    options.cpus = options.cpus or list(MEMORY)
    options.pins = {}
    for pin in options.pin:
        name, _, settings = pin.partition(":")
        options.pins[name] = dict(setting.split("=", 1) for setting in settings.split(","))
    return options


if __name__ == "__main__":
    main()
