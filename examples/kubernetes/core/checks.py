"""Runs readiness checks, each in a thread of its own and with a limit."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

logger = logging.getLogger(__name__)

# Seconds for all checks; they run at the same time.
CHECK_TIMEOUT = 2

# A check that hangs keeps its thread after the answer. Connecting has time-outs of its
# own, so that it gets free again.
executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="readiness")


def run(probes: Mapping[str, Callable[[], object]]) -> dict[str, str]:
    """What came of each check, by its name: "ok" or why not."""
    futures = {name: executor.submit(probe) for name, probe in probes.items()}
    wait(futures.values(), timeout=CHECK_TIMEOUT)
    results = {}
    for name, future in futures.items():
        if not future.done():
            future.cancel()
            results[name] = f"unavailable (no answer within {CHECK_TIMEOUT} s)"
        elif error := future.exception():
            logger.warning("readiness: %s: %s: %s", name, type(error).__name__, error)
            results[name] = f"unavailable ({type(error).__name__})"
        else:
            results[name] = "ok"
    return results
