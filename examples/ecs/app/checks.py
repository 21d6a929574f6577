"""Runs readiness checks at the same time, and with a limit."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

logger = logging.getLogger(__name__)

# Seconds for all checks.
CHECK_TIMEOUT = 2

# Checks that did not end in time: kept here until they do.
late: set[asyncio.Task[object]] = set()


async def run(probes: Mapping[str, Coroutine[Any, Any, object]]) -> dict[str, str]:
    """What came of each check, by its name: "ok" or why not.

    A late check is cancelled but not waited for: a database driver may want more time to
    cancel a query than there is.
    """
    tasks = {name: asyncio.create_task(probe) for name, probe in probes.items()}
    await asyncio.wait(tasks.values(), timeout=CHECK_TIMEOUT)
    results = {}
    for name, task in tasks.items():
        if not task.done():
            late.add(task)
            task.add_done_callback(late.discard)
            task.cancel()
            results[name] = f"unavailable (no answer within {CHECK_TIMEOUT} s)"
        elif error := task.exception():
            logger.warning("readiness: %s: %s: %s", name, type(error).__name__, error)
            results[name] = f"unavailable ({type(error).__name__})"
        else:
            results[name] = "ok"
    return results
