"""When to try: the next rotation, and the next attempt after a failure. Pure; `schedule` acts on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from meshtui.agent.states import Ready, SvidState, ready_of

FIRST_RETRY = 1.0
"""Seconds after the first failure, doubled with each further one."""
LONGEST_RETRY = 60.0
SHORTEST_RETRY = 0.2
LONGEST_WAIT = 10.0
"""Seconds after which a wait looks at the clock again: a suspended machine or a clock that was set must not
make a rotation late by more than this."""


def next_attempt(state: SvidState, failures: int, now: datetime, roll: float) -> datetime:
    """When to ask the CA next, after `failures` in a row; `roll` is uniform in [0, 1).

    A certificate in service is replaced when it is due. One that by this clock is not valid yet, because the clock
    was set back, is of no use to anyone and is replaced too, but not in the same second by everyone.
    """
    ready = ready_of(state)
    if isinstance(state, Ready):
        if now < state.svid.leaf.not_valid_before_utc:
            return now + timedelta(seconds=LONGEST_RETRY * roll)
        return state.due_at
    if failures == 0:
        return now
    remaining = ready.svid.leaf.not_valid_after_utc - now if ready is not None else None
    return now + timedelta(seconds=retry_delay(failures, roll, remaining))


def wait_until(due_at: datetime, now: datetime, roll: float) -> float:
    """Seconds to wait before looking at the clock again; 0 when it is time.

    Processes that slept together, `roll` uniform in [0, 1), do not look together.
    """
    return min(max((due_at - now).total_seconds(), 0.0), LONGEST_WAIT * (1 + roll) / 2)


def retry_delay(failures: int, roll: float, remaining: timedelta | None) -> float:
    """Seconds until the next attempt after `failures` (≥ 1) in a row.

    Exponential backoff with full jitter: `roll` is uniform in [0, 1), so that agents that failed together do
    not return together. Never past the end of the certificate in use, whose `remaining` life is given.
    """
    ceiling = min(FIRST_RETRY * 2.0 ** min(failures - 1, 10), LONGEST_RETRY)
    delay = max(ceiling * roll, SHORTEST_RETRY)
    if remaining is not None and remaining > timedelta(0):
        delay = min(delay, max(remaining.total_seconds() / 2, SHORTEST_RETRY))
    return delay
