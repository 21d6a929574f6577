"""Images that no registry hands out here: the nearest that there is takes the name."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Minor versions of Python that Debian has, and the suite of each.
PYTHONS = {11: "bookworm", 13: "trixie", 14: "forky"}
# Pythons that were built on this machine.
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
POSTGRES, REDIS, NGINX = "postgres:18-trixie", "redis:8-trixie", "nginx:1.30-trixie"
# What the official Python image has beside its slim one, as far as installs ask for it.
BUILD_PACKAGES = "build-essential curl default-libmysqlclient-dev git libffi-dev libjpeg-dev libpq-dev libssl-dev libxml2-dev libxslt1-dev pkg-config wget zlib1g-dev"
# Packages of the Debian that older images are of, each with what took its place.
RENAMED = {"netcat": "netcat-openbsd", "libgl1-mesa-glx": "libgl1"}
EMPTY_PACKAGE = "Package: {0}\\nVersion: 99\\nArchitecture: all\\nDepends: {1}\\nMaintainer: x <x@example.org>\\nDescription: {1}\\n"
# Consoles beside an application: a web server that says nothing is as good here.
CONSOLES = re.compile(r"adminer|dpage/pgadmin4|phpmyadmin(/phpmyadmin)?|mailhog/mailhog|axllent/mailpit|schickling/mailcatcher|maildev/maildev|rediscommander/redis-commander")
# Images of PostgreSQL with an extension, and Debian's package of it.
EXTENSIONS = {"postgis/postgis": "postgis-3", "pgvector/pgvector": "pgvector"}
# Servers that Debian has as they are.
SERVICES = {
    "caddy": "RUN apt-get update && apt-get install -y --no-install-recommends caddy && rm -rf /var/lib/apt/lists/* && mkdir -p /srv /data /config\n"
    'ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data\nWORKDIR /srv\nEXPOSE 80 443 2019\nCMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]\n',
    "rabbitmq": "RUN apt-get update && apt-get install -y --no-install-recommends rabbitmq-server && rm -rf /var/lib/apt/lists/*"
    " && printf 'loopback_users = none\\nlisteners.tcp.default = 5672\\n' > /etc/rabbitmq/rabbitmq.conf && rabbitmq-plugins enable --offline rabbitmq_management\n"
    'VOLUME /var/lib/rabbitmq\nEXPOSE 5672 15672\nCMD ["rabbitmq-server"]\n',
    "memcached": "RUN apt-get update && apt-get install -y --no-install-recommends memcached && rm -rf /var/lib/apt/lists/*\n"
    'USER memcache\nEXPOSE 11211\nCMD ["memcached"]\n',
}
_said: dict[str, str | None] = {}


def _run(*words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, input=text, capture_output=True, text=True, check=False)


def _is_there(image: str) -> bool:
    return _run("docker", "image", "inspect", image).returncode == 0


def _python(image: str) -> str | None:
    """A Python of this machine's pyenv, else one of Debian: a newer one than asked for, where neither has one that old."""
    tag = image.partition(":")[2]
    found = re.match(r"3\.(\d+)", tag)
    if not (found or re.fullmatch(r"(3|latest|slim|alpine|3-.*|)", tag)):
        return None
    own = {int(path.name.split(".")[1]): path for path in PYENV.glob("3.*")}
    there = own.keys() | PYTHONS.keys()
    wanted = int(found[1]) if found else max(there)
    minor = min((minor for minor in there if minor >= wanted), default=None)
    if minor is None:
        return None
    if minor in own:
        base = _own_python(own[minor], "trixie" if re.search("trixie|forky", tag) else "bookworm")
    else:
        base = _debian_python(minor)
    if base is None:
        return None
    lines = "" if re.search("slim|alpine", tag) else _packages(BUILD_PACKAGES)
    if not re.search("bookworm|trixie|forky|alpine", tag):
        lines += "RUN apt-get update && mkdir -p /tmp/empty/DEBIAN" + "".join(
            f" && printf '{EMPTY_PACKAGE.format(old, new)}' > /tmp/empty/DEBIAN/control"
            f" && dpkg-deb --build /tmp/empty /tmp/{old}.deb && apt-get install -y --no-install-recommends /tmp/{old}.deb"
            for old, new in RENAMED.items()
        ) + " && rm -rf /tmp/* /var/lib/apt/lists/*\n"
    variant = hashlib.sha256(lines.encode()).hexdigest()[:8]
    made = _made(f"dockwright-live/python:3.{minor}-{variant}", base, lines) if lines else base
    return _alpine(made) if "alpine" in tag else made


def _own_python(at: Path, suite: str) -> str | None:
    name = f"dockwright-live/pyenv:{at.name}-{suite}"
    arguments = (f"BASE=dockwright-live/debian:{suite}", f"PREFIX={at}", f"VERSION={at.name}")
    words = [word for argument in arguments for word in ("--build-arg", argument)]
    words += ["--build-context", f"python={at}", "--tag", name, str(HERE / "python")]
    return name if _is_there(name) or _run("docker", "build", *words).returncode == 0 else None


def _debian_python(minor: int) -> str | None:
    name = f"python:3.{minor}-slim-{PYTHONS[minor]}"
    # Made anew where its recipe has changed.
    made = _run(str(HERE / "python.sh"), f"3.{minor}", PYTHONS[minor], name)
    return name if made.returncode == 0 else None


def _alpine(base: str | None) -> str | None:
    """The image with Alpine's commands over Debian's."""
    if base is None:
        return None
    name = f"{re.sub('[:/]', '-', base)}"
    name = f"dockwright-live/alpine:{name.removeprefix('dockwright-live-')}"
    words = ("--build-arg", f"BASE={base}", "--tag", name, str(HERE / "alpine"))
    return name if _run("docker", "build", *words).returncode == 0 else None


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
    found = re.search(r":(\d+)", image)
    made = _directory("node", "trixie" if found and int(found[1]) <= 20 else "forky")
    return _alpine(made) if "alpine" in image else made


def _postgres(image: str) -> str | None:
    """The data of versions before 18 is in another directory, and its owner has another number on Alpine."""
    found = re.match(r"[^:]+:(?:pg)?(\d+)", image)
    is_old, is_alpine = bool(found and int(found[1]) < 18), "alpine" in image
    extension = EXTENSIONS.get(image.partition(":")[0])
    if not is_old and not is_alpine and not extension:
        return POSTGRES
    data = "/var/lib/postgresql/data"
    lines = _packages(f"postgresql-18-{extension}") if extension else ""
    if is_alpine:
        lines += "RUN usermod --uid 70 postgres && groupmod --gid 70 postgres && chown --recursive 70:70 /var/lib/postgresql /run/postgresql\n"
    if is_old:
        lines += f"RUN install --directory --owner=postgres --group=postgres --mode=1777 {data}\nENV PGDATA={data}\nVOLUME {data}\n"
    name = f"{'before-18' if is_old else '18'}{'-alpine' if is_alpine else ''}{extension or ''}"
    return _made(f"dockwright-live/postgres:{name}-owned", POSTGRES, lines)


def stand_in(image: str) -> str | None:
    """Gives an image its name; returns what stands in for it, `None` where nothing can.

    An image that is there already is itself.
    """
    if image in _said:
        return _said[image]
    name = image.split("@")[0]
    repository = re.sub(r"^(docker\.io/|public\.ecr\.aws/docker/)?(library/)?", "", name).partition(":")[0]
    if repository == "python":
        found: str | None = _python(name.rpartition("/")[2])
    elif _is_there(image):
        found = image
    elif repository in ("postgres", *EXTENSIONS):
        found = _postgres(name)
    elif repository in SERVICES:
        found = _made(f"dockwright-live/{repository}:forky", "dockwright-live/debian:forky", SERVICES[repository])
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
