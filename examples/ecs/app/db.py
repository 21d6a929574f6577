"""The database engine."""

from typing import Any

import psycopg
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.settings import DatabaseSettings

# The asynchronous driver of each kind of database. SQLite is there for the tests.
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "sqlite": "sqlite+aiosqlite",
}

# Seconds to open a connection, and to wait for one of the pool's.
CONNECT_TIMEOUT = 3
POOL_TIMEOUT = 5

# Milliseconds until a packet without an answer means that the database is gone.
PACKET_TIMEOUT_MS = 10_000


def engine_url(database_url: str) -> URL:
    url = make_url(database_url)
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


def create_engine(settings: DatabaseSettings) -> AsyncEngine:
    url = engine_url(settings.database_url.get_secret_value())
    connect_args: dict[str, Any] = {}
    if url.get_backend_name() == "postgresql":
        connect_args = {
            "connect_timeout": CONNECT_TIMEOUT,
            "tcp_user_timeout": PACKET_TIMEOUT_MS,
            "options": f"-c statement_timeout={settings.database_statement_timeout_ms}",
        }
    return create_async_engine(
        url,
        # Exactly this many connections: the database's max_connections is planned with them.
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        # Replaces connections that broke while the database was away.
        pool_pre_ping=True,
        # What users have written stays out of error messages.
        hide_parameters=True,
        connect_args=connect_args,
    )


async def ping(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


# SQLSTATEs of a server that shuts down, starts or is full. Class 08 is broken connections.
AWAY = {"57P01", "57P02", "57P03", "53300"}


def is_away(error: OperationalError) -> bool:
    """Whether the database could not be reached. A deadlock or a time-out is something else."""
    if not isinstance(error.orig, psycopg.OperationalError):
        return False
    state = error.orig.sqlstate
    return state is None or state.startswith("08") or state in AWAY
