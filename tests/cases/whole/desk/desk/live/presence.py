"""Who watches which ticket: kept here, in this process."""

from collections import defaultdict
from threading import Lock

_lock = Lock()
_watching: dict[int, set[str]] = defaultdict(set)
_last_code = 0


def watch(ticket: int, browser: str) -> int:
    with _lock:
        _watching[ticket].add(browser)
        return len(_watching[ticket])


def leave(browser: str) -> None:
    with _lock:
        for browsers in _watching.values():
            browsers.discard(browser)


def watching(ticket: int) -> int:
    with _lock:
        return len(_watching[ticket])


def next_code() -> int:
    """A number for the telephone queue; it begins anew every day, when the desk is restarted."""
    global _last_code
    with _lock:
        _last_code += 1
        return _last_code
