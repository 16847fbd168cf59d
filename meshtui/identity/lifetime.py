"""When a certificate is to be replaced, and how much of its life is left: shares of its own lifetime."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OVERDUE_AFTER = 0.1
"""Share of the lifetime past the rotation point at which a missing rotation is an alarm, unless it was said."""


@dataclass(frozen=True)
class Lifetime:
    """The life that is judged: from the moment of issue (not the back-dated NotBefore) to NotAfter."""

    issued_at: datetime
    not_after: datetime

    @property
    def length(self) -> timedelta:
        """Never negative."""
        return max(self.not_after - self.issued_at, timedelta(0))

    def at(self, share: float) -> datetime:
        """The moment at which `share` of it has passed."""
        return self.issued_at + self.length * min(max(share, 0.0), 1.0)

    def passed(self, now: datetime) -> float:
        """Share that has passed, 0 to 1."""
        if now >= self.not_after:
            return 1.0
        return max((now - self.issued_at) / self.length, 0.0)


def rotate_at(lifetime: Lifetime, share: float, shift: float) -> datetime:
    """When to replace a certificate: at `share` of its life, moved by `shift`, a share too.

    Istio's agent does the same (SECRET_GRACE_PERIOD_RATIO 0.5, a jitter of 0.01), so that a fleet that was
    started together does not renew together.
    """
    return lifetime.at(share + shift)


def is_due(lifetime: Lifetime, due_at: datetime, now: datetime) -> bool:
    """Past its rotation point, and alive."""
    return due_at <= now < lifetime.not_after


def overdue_after(rotate_at: float, overdue_at: float | None) -> float:
    """The share between two points of a lifetime: where it is to be replaced, and where that is overdue, if said."""
    return OVERDUE_AFTER if overdue_at is None else overdue_at - rotate_at


def is_overdue(lifetime: Lifetime, due_at: datetime, now: datetime, after: float = OVERDUE_AFTER) -> bool:
    """The share `after` of its life past its rotation point, and alive."""
    return due_at + lifetime.length * after <= now < lifetime.not_after
