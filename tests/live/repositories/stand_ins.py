"""Images that no registry hands out here: the nearest that there is takes the name."""

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Minor versions of Python that Debian has, and the suite of each.
PYTHONS = {11: "bookworm", 13: "trixie", 14: "forky"}
POSTGRES, REDIS, NGINX = "postgres:18-trixie", "redis:8-trixie", "nginx:1.30-trixie"
_said: dict[str, str | None] = {}


def _run(*words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, input=text, capture_output=True, text=True, check=False)


def _is_there(image: str) -> bool:
    return _run("docker", "image", "inspect", image).returncode == 0


def _python(image: str) -> str | None:
    """A Python of Debian: a newer one than asked for, where it has none that old."""
    tag = image.partition(":")[2]
    found = re.match(r"3\.(\d+)", tag)
    if "alpine" in tag or not (found or tag in ("", "3", "latest", "slim")):
        return None
    wanted = int(found[1]) if found else max(PYTHONS)
    minor = min((own for own in PYTHONS if own >= wanted), default=None)
    if minor is None:
        return None
    name = f"python:3.{minor}-slim-{PYTHONS[minor]}"
    if not _is_there(name):
        made = _run(str(HERE / "python.sh"), f"3.{minor}", PYTHONS[minor], name)
        if made.returncode != 0:
            return None
    return name


def _postgres(image: str) -> str:
    """The data of versions before 18 is in another directory."""
    found = re.match(r"[^:]+:(\d+)", image)
    if not found or int(found[1]) >= 18:
        return POSTGRES
    name = "dockwright-live/postgres:before-18"
    if not _is_there(name):
        data = "/var/lib/postgresql/data"
        _run("docker", "build", "--tag", name, "-", text=f"FROM {POSTGRES}\nENV PGDATA={data}\nVOLUME {data}\n")
    return name


def stand_in(image: str) -> str | None:
    """Gives an image its name; returns what stands in for it, `None` where nothing can.

    An image that is there already is itself.
    """
    if image in _said:
        return _said[image]
    name = image.split("@")[0]
    repository = re.sub(r"^(docker\.io/|public\.ecr\.aws/docker/)?(library/)?", "", name).partition(":")[0]
    if _is_there(image):
        found: str | None = image
    elif repository == "python":
        found = _python(name.rpartition("/")[2])
    elif repository in ("postgres", "postgis/postgis", "pgvector/pgvector"):
        found = _postgres(name) if repository == "postgres" else None
    elif repository == "redis":
        found = REDIS
    elif repository in ("nginx", "nginxinc/nginx-unprivileged"):
        found = NGINX if repository == "nginx" else None
    elif repository == "ghcr.io/astral-sh/uv" and re.fullmatch(r"(:(latest|\d+(\.\d+)*))?", name[len(repository):]):
        found = next(iter(_run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", repository).stdout.split()), None)
    else:
        found = None
    if found and found != image:
        _run("docker", "tag", found, image.split("@")[0])
    _said[image] = found
    return found
