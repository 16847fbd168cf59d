"""When to try: the next rotation, and the next attempt after a failure. Pure; `secrets` acts on it."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_RETRY = 1.0
"""Seconds after the first failure, doubled with each further one."""
LONGEST_RETRY = 60.0
_SHORTEST_RETRY = 0.2
LONGEST_WAIT = 60.0
"""Seconds after which a wait looks at the clock again: a suspended machine or a clock that was set must not
make a rotation late by more than this."""


def wait_until(due_at: datetime, now: datetime) -> float:
    """Seconds to wait before looking again; 0 when it is time."""
    return min(max((due_at - now).total_seconds(), 0.0), LONGEST_WAIT)


def retry_delay(failures: int, roll: float, remaining: timedelta | None) -> float:
    """Seconds until the next attempt after `failures` (≥ 1) in a row.

    Exponential backoff with full jitter: `roll` is uniform in [0, 1), so that agents that failed together do
    not return together. Never past the end of the certificate in use, whose `remaining` life is given.
    """
    ceiling = min(FIRST_RETRY * 2.0 ** min(failures - 1, 10), LONGEST_RETRY)
    delay = max(ceiling * roll, _SHORTEST_RETRY)
    if remaining is not None and remaining > timedelta(0):
        delay = min(delay, max(remaining.total_seconds() / 2, _SHORTEST_RETRY))
    return delay
