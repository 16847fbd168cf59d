"""Rows in any number, for measuring how lists of them behave. Made of their index alone, so always the same."""

from __future__ import annotations

from datetime import datetime, timedelta

from meshtui.mesh.fake.demo import workload
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import RotationState

NAMESPACES = ("prod", "payments", "search", "batch", "media", "edge", "staging", "observability")
SERVICES = ("checkout", "ledger", "ratings", "reviews", "details", "catalogue", "sessions", "thumbnails", "loader")
_MINUTES_OF_A_DAY = 24 * 60


def fleet_rows(count: int, now: datetime) -> list[Row]:
    """`count` workloads with a day to live, at every age, one in fifty of them overdue."""
    return [_row(index, now) for index in range(count)]


def _row(index: int, now: datetime) -> Row:
    # A step without a common factor with the day spreads the ages evenly and looks shuffled
    left = timedelta(minutes=index * 617 % _MINUTES_OF_A_DAY, seconds=index % 60)
    name = f"{NAMESPACES[index % len(NAMESPACES)]}/{SERVICES[index % len(SERVICES)]}-{index:06d}"
    if index % 50 == 0:
        return workload(
            name, now, left=left, state=RotationState.OVERDUE, last_error=f"The CA refused attempt {index % 7 + 1}."
        )
    state = RotationState.FRESH if left > timedelta(hours=12) else RotationState.DUE
    return workload(name, now, left=left, state=state)
