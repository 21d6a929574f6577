"""Images that no registry hands out here: the nearest that there is takes the name."""

import hashlib
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Minor versions of Python that Debian has, and the suite of each.
PYTHONS = {11: "bookworm", 13: "trixie", 14: "forky"}
POSTGRES, REDIS, NGINX = "postgres:18-trixie", "redis:8-trixie", "nginx:1.30-trixie"
# What the official Python image has beside its slim one, as far as installs ask for it.
BUILD_PACKAGES = "build-essential curl default-libmysqlclient-dev git libffi-dev libjpeg-dev libpq-dev libssl-dev libxml2-dev libxslt1-dev pkg-config wget zlib1g-dev"
# Packages of the Debian that older images are of, each with what took its place.
RENAMED = {"netcat": "netcat-openbsd", "libgl1-mesa-glx": "libgl1"}
EMPTY_PACKAGE = "Package: {0}\\nVersion: 99\\nArchitecture: all\\nDepends: {1}\\nMaintainer: x <x@example.org>\\nDescription: {1}\\n"
# Consoles beside an application: a web server that says nothing is as good here.
CONSOLES = re.compile(r"adminer|dpage/pgadmin4|phpmyadmin(/phpmyadmin)?|mailhog/mailhog|axllent/mailpit|schickling/mailcatcher|maildev/maildev|rediscommander/redis-commander")
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
    lines = "" if "slim" in tag else _packages(BUILD_PACKAGES)
    if not re.search("bookworm|trixie|forky", tag):
        lines += "RUN apt-get update && mkdir -p /tmp/empty/DEBIAN" + "".join(
            f" && printf '{EMPTY_PACKAGE.format(old, new)}' > /tmp/empty/DEBIAN/control"
            f" && dpkg-deb --build /tmp/empty /tmp/{old}.deb && apt-get install -y --no-install-recommends /tmp/{old}.deb"
            for old, new in RENAMED.items()
        ) + " && rm -rf /tmp/* /var/lib/apt/lists/*\n"
    variant = hashlib.sha256(lines.encode()).hexdigest()[:8]
    return _made(f"dockwright-live/python:3.{minor}-{variant}", name, lines) if lines else name


def _packages(names: str) -> str:
    return f"RUN apt-get update && apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*\n"


def _made(name: str, base: str, text: str) -> str | None:
    """An image that is another, as it is now, with some lines more."""
    name += "-" + _run("docker", "image", "inspect", "--format", "{{.Id}}", base).stdout.removeprefix("sha256:")[:8]
    if not _is_there(name) and _run("docker", "build", "--tag", name, "-", text=f"FROM {base}\n{text}").returncode != 0:
        return None
    return name


def _directory(kind: str, suite: str) -> str | None:
    """An image of a directory beside this file, or of one that the engine's own images are made from, of a Debian suite."""
    name = f"dockwright-live/{kind}:{suite}"
    base = f"BASE=dockwright-live/debian:{suite}"
    places = (HERE, HERE.parent / "engine/images")
    at = next(place / kind for place in places if (place / kind).is_dir())
    if not _is_there(name) and _run("docker", "build", "--tag", name, "--build-arg", base, str(at)).returncode != 0:
        return None
    return name


def _uv(tag: str) -> str | None:
    """The uv that is there, in a Python where the tag names one: `0.9-python3.12-bookworm-slim`."""
    listed = _run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "ghcr.io/astral-sh/uv").stdout.split()
    uv = next((image for image in listed if re.search(r":\d+(\.\d+)*$", image)), None)
    python = re.search(r"python(3.*)$", tag)
    if not python or not uv:
        return uv
    base = _python(f"python:{python[1]}")
    name = f"dockwright-live/uv-{re.sub('[:/]', '-', base or '')}"
    return base and _made(name, base, f"COPY --from={uv} /uv /uvx /usr/local/bin/\n")


def _node(image: str) -> str | None:
    """Debian's nearest Node that is no older."""
    if "alpine" in image:
        return None
    found = re.search(r":(\d+)", image)
    return _directory("node", "trixie" if found and int(found[1]) <= 20 else "forky")


def _postgres(image: str) -> str | None:
    """The data of versions before 18 is in another directory, and its owner has another number on Alpine."""
    found = re.match(r"[^:]+:(\d+)", image)
    is_old, is_alpine = bool(found and int(found[1]) < 18), "alpine" in image
    if not is_old and not is_alpine:
        return POSTGRES
    data = "/var/lib/postgresql/data"
    lines = ""
    if is_alpine:
        lines += "RUN usermod --uid 70 postgres && groupmod --gid 70 postgres && chown --recursive 70:70 /var/lib/postgresql /run/postgresql\n"
    if is_old:
        lines += f"RUN install --directory --owner=postgres --group=postgres --mode=1777 {data}\nENV PGDATA={data}\nVOLUME {data}\n"
    name = f"{'before-18' if is_old else '18'}{'-alpine' if is_alpine else ''}"
    return _made(f"dockwright-live/postgres:{name}-owned", POSTGRES, lines)


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
    elif repository in ("mysql", "mariadb", "mysql/mysql-server"):
        found = _directory("mariadb", "trixie")
    elif repository == "node":
        found = _node(name)
    elif CONSOLES.fullmatch(repository):
        found = NGINX
    elif repository == "ghcr.io/astral-sh/uv":
        found = _uv(name[len(repository) :])
    else:
        found = None
    if found and found != image:
        _run("docker", "tag", found, image.split("@")[0])
    _said[image] = found
    return found
