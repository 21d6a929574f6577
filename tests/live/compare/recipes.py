"""What is compared: stacks, and the numbers that others would run them with.

The recipes are the numbers that guides to these stacks give: two gthread workers of four threads with half a GiB
for Postgres and two Celery children (A), four ASGI workers without limits (B), three sync workers without
limits (C). None has a share of the CPU.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

# A task, how many of it, and its argument.
Queue = tuple[str, int, float]


@dataclass(frozen=True)
class Recipe:
    """Numbers in place of the plan's own, over the same code and images."""

    name: str
    # The web server's command line, less the application; empty where it stays.
    server: tuple[str, ...] = ()
    # Variables of the web service.
    environment: dict[str, str] = field(default_factory=dict)
    # Limits in MiB, by service; none for the others.
    memory: dict[str, int] = field(default_factory=dict)
    postgres: dict[str, str] = field(default_factory=dict)
    redis: tuple[str, ...] = ()
    # Options of `celery worker`.
    celery: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A stack, as `dockwright new` is told, and what it is measured against."""

    name: str
    preset: str
    settings: dict[str, str]
    application: str
    recipes: tuple[Recipe, ...]
    # Whether its start is timed, too.
    starts: bool = False
    # In place of requests.
    queues: dict[str, Queue] = field(default_factory=dict)


GUNICORN = ("gunicorn", "--config", "/dev/null", "--bind", "0.0.0.0:8000")

GTHREAD = Recipe(
    "2 × 4 gthread",
    (*GUNICORN, "--workers", "2", "--threads", "4", "--worker-class", "gthread",
     "--worker-tmp-dir", "/dev/shm", "--max-requests", "1000"),
    memory={"web": 1024, "db": 512, "redis": 256, "worker": 1536},
    postgres={
        "shared_buffers": "128MB",
        "effective_cache_size": "512MB",
        "max_connections": "50",
        "work_mem": "4MB",
        "maintenance_work_mem": "64MB",
    },
    redis=("--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru", "--save", "", "--appendonly", "no"),
    celery=("--concurrency=2", "--max-tasks-per-child=50", "--time-limit=3600", "--soft-time-limit=3300",
            "--prefetch-multiplier=1"),
)  # fmt: skip

UVICORN = Recipe(
    "4 uvicorn workers",
    ("uvicorn", "--host", "0.0.0.0", "--port", "8000", "--workers", "4", "--loop", "uvloop",
     "--http", "httptools", "--log-level", "warning", "--limit-concurrency", "100",
     "--backlog", "2048", "--timeout-keep-alive", "5"),
    # The application has a say in what its server logs, and here the recipe's has to win.
    environment={"LOG_LEVEL": "warning"},
)  # fmt: skip

UVICORN_WORKERS = Recipe(
    "4 gunicorn workers",
    (*GUNICORN, "--workers", "4", "--worker-class", "uvicorn_worker.UvicornWorker",
     "--timeout", "120", "--graceful-timeout", "30", "--keep-alive", "5",
     "--max-requests", "10000", "--max-requests-jitter", "1000",
     "--access-logfile", "-", "--error-logfile", "-"),
)  # fmt: skip

SYNC = Recipe(
    "3 sync",
    (*GUNICORN, "--workers", "3", "--timeout", "120", "--backlog", "2048", "--max-requests", "1000",
     "--max-requests-jitter", "50", "--access-logfile", "-", "--error-logfile", "-", "--log-level", "info"),
)  # fmt: skip

POSTGRES = {"stack.database": "postgres"}
SUBJECTS = (
    Subject("django", "django-nginx", POSTGRES, "config.wsgi:application", (GTHREAD, SYNC), starts=True),
    Subject("fastapi-uvicorn", "fastapi-uvicorn", POSTGRES, "app.main:app", (UVICORN,)),
    Subject("fastapi-gunicorn", "fastapi-gunicorn", POSTGRES, "app.main:app", (UVICORN_WORKERS,)),
    Subject(
        "flask",
        "fastapi-gunicorn",
        POSTGRES | {"stack.framework": "flask", "stack.server": "gunicorn"},
        "app:create_app()",
        (GTHREAD, SYNC),
    ),
    Subject(
        "celery",
        "celery-postgres-redis",
        POSTGRES,
        "app.main:app",
        (replace(GTHREAD, name="2 children", server=()),),
        starts=True,
        queues={"short work": ("spin", 1000, 20_000), "waiting": ("pause", 400, 0.02)},
    ),
)

# Appended to the worker's tasks.
TASKS = """

@app.task
def spin(rounds: float) -> int:
    return sum(number * number for number in range(int(rounds)))


@app.task
def pause(seconds: float) -> None:
    __import__("time").sleep(seconds)
"""
