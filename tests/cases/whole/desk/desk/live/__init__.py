"""What browsers are told while they look at a ticket."""

from . import events

__all__ = ["events"]
