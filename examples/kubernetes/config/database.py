"""Django's DATABASES entry from a URL."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

from config import env

# Seconds to open a connection, to wait for one of the pool's, and for a sign of life on it.
CONNECT_TIMEOUT = 3
POOL_TIMEOUT = 5
PING_TIMEOUT = 3

# Milliseconds until a packet without an answer means that the database is gone.
PACKET_TIMEOUT_MS = 10_000

# Seconds that an answer may be later than the server's own limit of a statement.
ANSWER_MARGIN = 5


def connection_class(answer_timeout: float | None) -> type[psycopg.Connection[Any]]:
    """Gives up on a server that never answers: of a frozen one every packet is acknowledged."""

    class Connection(psycopg.Connection[Any]):
        limit = answer_timeout

        def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
            try:
                return super().wait(gen, interval, timeout or self.limit)
            except psycopg.OperationalError:
                # The answer may still come: nothing else may be asked on this connection.
                if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                    self.close()
                raise

        def execute(self, query: Any, *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
            # An empty query is the pool's, which looks whether the connection is alive.
            self.limit = answer_timeout if query else PING_TIMEOUT
            try:
                return super().execute(query, *args, **kwargs)
            finally:
                self.limit = answer_timeout

    return Connection


def database(url: str, *, pool_size: int, statement_timeout_ms: int) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        # For the tests.
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path[1:] or ":memory:"}
    if parts.scheme not in ("postgresql", "postgres"):
        if url:
            env.problems.append("DATABASE_URL has to be postgresql://USER:PASSWORD@HOST:5432/NAME")
        return {}

    options: dict[str, Any] = {
        **dict(parse_qsl(parts.query)),
        "connect_timeout": CONNECT_TIMEOUT,
        "tcp_user_timeout": PACKET_TIMEOUT_MS,
        "options": f"-c statement_timeout={statement_timeout_ms}",
    }
    if pool_size > 0:
        options["pool"] = {
            "min_size": 1,
            "max_size": pool_size,
            "timeout": POOL_TIMEOUT,
            # Attempts grow apart until this many seconds have passed. Then the next
            # request makes a new one, so that an outage ends where the database returns.
            "reconnect_timeout": POOL_TIMEOUT,
            "connection_class": connection_class(
                statement_timeout_ms / 1000 + ANSWER_MARGIN if statement_timeout_ms else None
            ),
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        # The pool keeps connections open. Without one each request opens its own.
        "CONN_MAX_AGE": 0,
        # Replaces connections that broke while the database was away.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
