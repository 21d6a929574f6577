"""The client for Redis, with time-outs short enough for a request to survive them."""

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

CONNECT_TIMEOUT = 1
REPLY_TIMEOUT = 1


def redis_client(url: SecretStr) -> Redis:
    return Redis.from_url(
        url.get_secret_value(),
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=REPLY_TIMEOUT,
        # Once more, at once, on a new connection: the server may have closed an idle one.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )


async def ping(client: Redis) -> None:
    await client.ping()
