"""Runs checkouts each way, and prints what became of them."""

import argparse
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stand_ins import stand_in

ROOT = Path(__file__).resolve().parents[3]
DOCKWRIGHT = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/dockwright"
WAYS = ("before", "adopt", "rewrite", "generated")
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
PAGES = ("/", "/health", "/docs", "/admin/login/")
# Of two tables at once, one has the ports of the host.
LOCK = Path(tempfile.gettempdir()) / "dockwright-repositories.lock"
SECONDS = {"config": 60, "build": 1500, "up": 420}


@dataclass
class Row:
    """What became of a checkout, one way."""

    repository: str
    way: str
    config: str = ""
    build: str = ""
    up: str = ""
    pages: dict[str, int] = field(default_factory=dict)
    cause: str = ""
    stand_ins: dict[str, str] = field(default_factory=dict)

    @property
    def works(self) -> bool:
        """Everything is up, and the first page of each port that there is is answered: 400 is for refused host names."""
        first: dict[str, int] = {}
        for page, status in self.pages.items():
            if status != 404:
                first.setdefault(page.partition("/")[0], status)
        return self.up == "ok" and bool(first) and all(status < 500 and status != 400 for status in first.values())


def _run(words: list[str], cwd: Path, seconds: int, *, only_output: bool = False) -> tuple[int, str]:
    errors = subprocess.DEVNULL if only_output else subprocess.STDOUT
    try:
        done = subprocess.run(
            words, cwd=cwd, stdout=subprocess.PIPE, stderr=errors, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return 124, f"took more than {seconds} s"
    return done.returncode, done.stdout


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"(?i)error|denied|failed|unhealthy|no such|refused|invalid", line)]
    return (telling or lines or [""])[-1][:200]


def _prepare(checkout: Path, way: str, at: Path, row: Row, answers: tuple[str, ...] = ()) -> bool:
    # With its history: when a file of requirements was last written decides what it resolves to.
    shutil.copytree(checkout, at, symlinks=True)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    if way == "generated":
        names = re.compile(r"(?i)(.*dockerfile.*|.*compose.*\.ya?ml|\.dockerignore)$")
        for path in list(at.rglob("*")):
            if path.is_file() and names.match(path.name):
                path.unlink()
    for words in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", "--message", "before"]):
        _run([*git, *words], at, 120)
    _fill_samples(at)
    if way == "before":
        return True
    flags = {"adopt": ["--adopt"], "rewrite": ["--rewrite"], "generated": []}[way]
    flags += [word for answer in answers for word in ("--set", answer)]
    code, said = _run([str(DOCKWRIGHT), "init", "--yes", *flags], at, 120)
    if code != 0:
        row.config, row.cause = "refused", _last(said)
    return code == 0


def _fill_samples(at: Path) -> None:
    """What every README asks for first: `cp .env.example .env`, for each sample whose file is not there."""
    for path in at.rglob("*env*"):
        name = re.sub(r"[.-](example|sample|template|dist)\b|\b(example|sample|template)[.-]", "", path.name)
        if path.is_file() and name != path.name and name.strip(".") and not (path.parent / name).exists():
            shutil.copy(path, path.parent / name)


def _images(at: Path) -> set[str]:
    """Every image that the files name, as far as it can be read off them."""
    _, config = _run(["docker", "compose", "config", "--format", "json"], at, SECONDS["config"], only_output=True)
    images: set[str] = set()
    try:
        services = json.loads(config).get("services", {})
    except ValueError:
        return images
    made = {service.get("image") for service in services.values() if service.get("build")}
    for service in services.values():
        build = service.get("build")
        if not build:
            images.add(service.get("image", ""))
            continue
        path = Path(build["context"]) / build.get("dockerfile", "Dockerfile")
        text = path.read_text(errors="replace") if path.is_file() else build.get("dockerfile_inline", "")
        arguments = dict(re.findall(r"(?m)^ARG (\w+)=[\"']?([^\s\"']+)", text)) | (build.get("args") or {})
        stages = {name.lower() for name in re.findall(r"(?mi)^FROM .* AS (\S+)", text)}
        named = re.findall(r"(?mi)^FROM\s+(?:--\S+\s+)*(\S+)", text) + re.findall(r"--from=(\S+)", text)
        for image in named:
            image = re.sub(r"\$\{?(\w+)(?::-[^}]*)?\}?", lambda found: str(arguments.get(found[1], "")), image)
            if image.lower() not in stages and image != "scratch" and not image.isdigit():
                images.add(image)
    return images - made - {""}


def _ask(at: Path) -> dict[str, int]:
    _, listed = _run(["docker", "compose", "ps", "--format", "json"], at, 60, only_output=True)
    ports = set()
    for line in listed.splitlines():
        if line.startswith("{"):
            ports |= {port["PublishedPort"] for port in json.loads(line).get("Publishers") or []}
    pages: dict[str, int] = {}
    # Without a health check `up --wait` ends before the server listens.
    for _ in range(15):
        pages = _pages(ports - {0})
        if any(status < 500 for status in pages.values()):
            break
        time.sleep(3)
    return pages


def _pages(ports: set[int]) -> dict[str, int]:
    pages: dict[str, int] = {}
    for port in sorted(ports):
        for page in PAGES:
            # Some code takes one of the two names alone.
            for host in ("localhost", "127.0.0.1"):
                status = _status(f"http://{host}:{port}{page}")
                if status is not None:
                    pages[f"{port}{page}"] = status
                if status != 400:
                    break
    return pages


def _status(address: str) -> int | None:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return None


def _judge(checkout: Path, way: str, work: Path, answers: tuple[str, ...]) -> Row:
    row = Row(checkout.name, way)
    at = work / f"{way}-{re.sub('[^a-z0-9-]', '-', checkout.name.lower())}"
    if not _prepare(checkout, way, at, row, answers):
        return row
    if not any((at / name).exists() for name in NAMES):
        row.config, row.cause = "none", "there is no compose file at the top"
        return row
    compose = ["docker", "compose"]
    code, said = _run([*compose, "config", "--quiet"], at, SECONDS["config"])
    row.config = "ok" if code == 0 else "fails"
    if code != 0:
        row.cause = _last(said)
        return row
    # Who checks out is the first user of a machine, as whom many images run, too.
    _run(["chown", "--recursive", "1000:1000", str(at)], at, 120)
    for image in sorted(_images(at)):
        found = stand_in(image)
        if not found:
            row.build, row.cause = "not judged", f"{image} cannot be had here"
            return row
        if found != image:
            row.stand_ins[image] = found
    try:
        code, said = _run([*compose, "build"], at, SECONDS["build"])
        row.build = "ok" if code == 0 else "fails"
        _keep(row, "build", said)
        if code != 0:
            row.cause = _last(said)
            return row
        with LOCK.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                _start(compose, at, row)
            finally:
                _run([*compose, "down", "--volumes", "--remove-orphans", "--timeout", "5"], at, 180)
    finally:
        _run([*compose, "down", "--volumes", "--remove-orphans", "--rmi", "local", "--timeout", "5"], at, 180)
    return row


def _start(compose: list[str], at: Path, row: Row) -> None:
    code, said = _run([*compose, "up", "--detach", "--wait", "--wait-timeout", "240"], at, SECONDS["up"])
    row.up = "ok" if code == 0 else "fails"
    row.pages = _ask(at)
    _, logs = _run([*compose, "logs", "--no-color", "--tail", "60"], at, 60)
    _keep(row, "up", said + logs)
    if code != 0:
        row.cause = _last(said) + " | " + _last(logs)


def _keep(row: Row, step: str, said: str) -> None:
    """Keeps what a step said, for who looks for the cause; `LOGS` says where."""
    if os.environ.get("LOGS"):
        (Path(os.environ["LOGS"]) / f"{row.repository}.{row.way}.{step}.log").write_text(said)


def main() -> int:
    """Prints the table; 1 where what works as it is no longer does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", default=",".join(WAYS), help="before, adopt, rewrite, generated")
    parser.add_argument(
        "--set", action="append", default=[], help="an answer: a Python whose stand-in has the wheels that are pinned"
    )
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    arguments = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="dockwright-repositories.") as work:
        for checkout in arguments.checkouts:
            for way in arguments.ways.split(","):
                row = _judge(checkout.resolve(), way, Path(work), tuple(arguments.set))
                rows.append(row)
                pages = " ".join(f"{page}={status}" for page, status in row.pages.items())
                word = "works" if row.works else "-"
                print("\t".join([row.repository, way, row.config, row.build, row.up, word, pages, row.cause]), flush=True)
                shutil.rmtree(Path(work), ignore_errors=True)
                Path(work).mkdir(exist_ok=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) | {"works": row.works} for row in rows], indent=2) + "\n")
    for way in arguments.ways.split(","):
        judged = [row for row in rows if row.way == way and row.build != "not judged"]
        print(f"{way}: {sum(row.works for row in judged)} of {len(judged)} work", file=sys.stderr)
    works = {row.repository for row in rows if row.way == "before" and row.works}
    lost = [row.repository for row in rows if row.way == "adopt" and row.repository in works and not row.works]
    if lost:
        print(f"no longer work after adopt: {', '.join(lost)}", file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
