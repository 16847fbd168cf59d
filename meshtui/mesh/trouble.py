"""Which rows need eyes: one rule for the filter, the key and the overview."""

from __future__ import annotations

from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Mark, RotationState

TROUBLED = (RotationState.EXPIRED, RotationState.FAILED, RotationState.OVERDUE, RotationState.UNKNOWN)
"""No set: Python 3.11 hashes an enum, and looks its members up, in Python, which 100,000 rows would feel."""
_FRESH, _DUE, _ROTATING = RotationState.FRESH, RotationState.DUE, RotationState.ROTATING
_UNKNOWN = Mark.UNKNOWN


def in_trouble(row: Row) -> bool:
    """Whether something is wrong with a row, or could not be learned.

    While it is being replaced its truths are bound to differ, and an error of an earlier attempt is history.
    """
    state = row.state
    # what most rows are, first
    if (state is not _FRESH and state is not _DUE and state in TROUBLED) or row.at_risk:
        return True
    if row.step is not None or state is _ROTATING:
        return False
    return bool(row.disagreement or row.last_error) or _UNKNOWN in row.truths
