"""When a proxy that died is started again. Pure."""

from __future__ import annotations

FIRST_DELAY = 0.2
LONGEST_DELAY = 30.0
LONG_ENOUGH = 10.0
"""Seconds of being up after which an earlier failure no longer counts."""


def failures_after(failures: int, up_for: float) -> int:
    """How many deaths in a row this one makes, after `up_for` seconds of being ready (0 if it never was)."""
    return 1 if up_for >= LONG_ENOUGH else failures + 1


def restart_delay(failures: int) -> float:
    """Seconds to wait after this many deaths in a row: 0.2, 0.4, 0.8 … 30."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures - 1, 16))
