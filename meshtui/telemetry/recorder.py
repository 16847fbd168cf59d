"""Everything that is done with a call when it is heard of: counted, kept if it was denied, told to those who watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from meshtui.mesh.filter import Filter
from meshtui.mesh.filters.calls import CALLS, PAIRS
from meshtui.mesh.traffic import Outcome, Pair, Traffic, TrafficQuery
from meshtui.telemetry.calls import Reported
from meshtui.telemetry.counts import Counts
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.series import Series
from meshtui.telemetry.store import DenialStore

MOST_PAIRS_SHOWN = 10_000


class Recorder:
    """Of one mesh. `record` is the hot path, a few microseconds for each call."""

    def __init__(
        self,
        store: DenialStore,
        clock: Callable[[], datetime],
        seconds: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        """`seconds` is a clock that never goes back; `changed` is called with each call."""
        self._directory = Directory()
        self._make: Callable[[], Directory] | None = None
        self.counts = Counts()
        self.series = Series()
        self.since = clock()
        self._clock = clock
        self._store = store
        self._seconds = seconds
        self._changed = changed

    def know(self, make: Callable[[], Directory]) -> None:
        """Who is where is different now. Made when the next call is told: a new policy must not wait for it."""
        self._make = make

    @property
    def directory(self) -> Directory:
        """Who is where."""
        if self._make is not None:
            self._directory, self._make = self._make(), None
        return self._directory

    def record(self, reported: Reported) -> None:
        """Take one entry of a log."""
        call = reported.call
        # a connection that was turned away is no request
        if call.method or call.path:
            self.series.add(reported, self.directory)
        self.counts.add(call, int(self._seconds()))
        if call.outcome is Outcome.DENIED:
            self._store.add(call)
        self._changed()

    async def traffic(self, query: TrafficQuery) -> Traffic:
        """What was seen, as far as it fits the query. Raises StateError when the denials cannot be read."""
        limit, now = min(max(query.limit, 0), MOST_PAIRS_SHOWN), self._clock()
        wanted, calls = Filter.parse(query.filter, PAIRS).at(now), Filter.parse(query.filter, CALLS).at(now)
        pairs = self.counts.pairs(int(self._seconds()))
        if query.denied_only:
            pairs = [pair for pair in pairs if pair.outcome is Outcome.DENIED]
        chosen = [pair for pair in pairs if wanted.match(pair, _text(pair))] if wanted else pairs
        return Traffic(
            since=self.since,
            pairs=tuple(chosen[:limit]),
            denied=tuple(await self._store.read(calls.words, fits=calls.fits if calls.tests else None, limit=limit)),
            dropped=self.counts.dropped,
        )


def _text(pair: Pair) -> str:
    """All that a filter looks at."""
    ends = (pair.source, pair.source_target, pair.destination, pair.destination_identity)
    rest = (pair.policy, pair.outcome.value, pair.tls or "plaintext", str(pair.last_status), pair.last_text)
    return "\0".join((*ends, *rest)).casefold()
