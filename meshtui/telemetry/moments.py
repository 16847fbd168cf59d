"""The times of access logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment(timestamp: Any) -> datetime:
    """A protobuf Timestamp. Raises ValueError, OverflowError or OSError for one that is none."""
    return datetime.fromtimestamp(timestamp.seconds + timestamp.nanos / 1e9, UTC)
