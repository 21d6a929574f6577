import os

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

redis = Redis.from_url(os.environ["REDIS_URL"], socket_timeout=2, socket_connect_timeout=2)


async def ping(request):
    return JSONResponse({"ok": True})


async def hits(request):
    try:
        return JSONResponse({"hits": await redis.incr("hits")})
    except RedisError:
        return JSONResponse({"error": "the counter is away"}, status_code=503)


app = Starlette(routes=[Route("/ping", ping), Route("/hits", hits)])
