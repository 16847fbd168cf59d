"""How configuration reaches the proxies: what they took and refused, and how long a change took. Pure state."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, ROUTE, SECRET, Rejected, Verdict, World

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 3, 5, 10, 20, 30)
"""Upper bounds in seconds; Istio's begin at a tenth."""
_TYPES = {CLUSTER: "cds", LISTENER: "lds", ROUTE: "rds", SECRET: "sds", EXTENSION: "ecds"}


class Pushes:
    """Of all proxies together."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        """Pushes that a proxy took or refused, by type."""
        self.rejected: Counter[str] = Counter()
        self.convergence = [0] * (len(BUCKETS) + 1)
        """Changes by the seconds until the proxy had all of them; the last has no upper bound."""
        self.converging = 0.0
        """Those seconds together."""

    def hear(self, verdict: Verdict) -> None:
        """A proxy answered a push."""
        kind = _TYPES.get(verdict.type_url, "other")
        self.answered[kind] += 1
        self.rejected[kind] += isinstance(verdict, Rejected)

    def converged(self, seconds: float) -> None:
        """A proxy has everything that one change meant for it."""
        self.convergence[bisect_left(BUCKETS, seconds)] += 1
        self.converging += seconds


class Convergence:
    """Of one proxy: what it has not taken of the last change."""

    def __init__(self, pushes: Pushes) -> None:
        self._pushes = pushes
        self._world: World = {}
        self._missing: dict[tuple[str, str], str] = {}
        self._since = 0.0

    def publish(self, world: World, now: float) -> None:
        """It is to have this from now on."""
        missing = {
            (type_url, name): each.version
            for type_url, named in world.items()
            for name, each in named.items()
            if (known := self._world.get(type_url, {}).get(name)) is None or known.version != each.version
        }
        if missing:
            self._missing, self._since = missing, now
        self._world = world

    def hear(self, verdict: Verdict, now: float) -> None:
        """It took or refused something. What is refused never converges."""
        self._pushes.hear(verdict)
        if isinstance(verdict, Rejected) or not self._missing:
            return
        for name, version in verdict.versions.items():
            if self._missing.get((verdict.type_url, name)) == version:
                del self._missing[verdict.type_url, name]
        if not self._missing:
            self._pushes.converged(now - self._since)
