"""The client for Redis, with time-outs short enough for a request to survive them."""

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECT_TIMEOUT = 1
REPLY_TIMEOUT = 1


def redis_client(url: SecretStr) -> Redis:
    return Redis.from_url(
        url.get_secret_value(),
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=REPLY_TIMEOUT,
        # One retry, at once: it replaces a connection that the server has closed.
        retry=Retry(NoBackoff(), 1),
    )
