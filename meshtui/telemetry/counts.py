"""Counts calls that are alike. Pure state: no clock, no I/O. How many kinds of calls it tells apart is bounded."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from meshtui.mesh.traffic import Call, Outcome, Pair

MOST_PAIRS = 10_000
"""Beyond which calls of a kind that was not seen before are only counted as dropped."""
MOST_HOSTS = 500
"""The same for calls that reached no workload, and whose destination is whatever a caller wrote."""
OTHER_HOSTS = "other hosts"
"""Their destination beyond that."""
WINDOW = 10
"""Seconds that a rate is of."""

_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
Key = tuple[str, str, str, str, Outcome, str, str]


class Counts:
    """One count for each pair of ends, policy, outcome and TLS version."""

    def __init__(self, most: int = MOST_PAIRS) -> None:
        self._counts: dict[Key, _Count] = {}
        self._most = most
        self._hosts: set[str] = set()
        self.dropped = 0
        """Calls that could not be counted."""
        self.policies: dict[str, int] = {}
        """Calls that each policy decided."""

    def add(self, call: Call, second: int) -> None:
        """Count a call that was heard of in this second; any clock that does not go back."""
        if not call.destination_identity and call.destination not in self._hosts:
            if len(self._hosts) < MOST_HOSTS:
                self._hosts.add(call.destination)
            else:
                call = replace(call, destination=OTHER_HOSTS)
        key = (call.source, call.source_target, call.destination, call.policy, call.outcome, call.tls, call.reporter)
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= self._most:
                self.dropped += 1
                return
            count = self._counts[key] = _Count()
        count.add(call, second)
        if call.policy:
            self.policies[call.policy] = self.policies.get(call.policy, 0) + 1

    def pairs(self, second: int) -> list[Pair]:
        """All of them, denied first, then the most frequent."""
        ordered = sorted(self._counts.items(), key=lambda item: (_RANK[item[0][4]], -item[1].total, item[0]))
        return [count.pair(second) for _, count in ordered]

    def callers_of(self, destination: str) -> list[str]:
        """Who called a workload and was not denied, the most frequent first: targets, or identities that none has.

        An empty one stands for all that proved none.
        """
        found: Counter[str] = Counter()
        for (source, target, called, _, outcome, *_), count in self._counts.items():
            if called == destination and outcome is not Outcome.DENIED:
                found[target or source] += count.total
        return [name for name, _ in found.most_common()]

    def __len__(self) -> int:
        return len(self._counts)


class _Count:
    """Of calls that are alike: the last of them, and how many there were in each of the last seconds."""

    __slots__ = ("_last", "_second", "_seconds", "total")

    def __init__(self) -> None:
        self.total = 0
        self._last: Call | None = None
        self._seconds = [0] * WINDOW
        """A ring, by second modulo its length."""
        self._second = 0
        """The newest that is in it."""

    def add(self, call: Call, second: int) -> None:
        self.total += 1
        self._last = call
        self._turn(second)
        self._seconds[second % WINDOW] += 1

    def pair(self, second: int) -> Pair:
        self._turn(second)
        last = self._last
        assert last is not None  # there is no count of nothing
        return Pair(
            source=last.source,
            source_target=last.source_target,
            destination=last.destination,
            destination_identity=last.destination_identity,
            policy=last.policy,
            outcome=last.outcome,
            tls=last.tls,
            reporter=last.reporter,
            count=self.total,
            per_second=sum(self._seconds) / WINDOW,
            last_at=last.at,
            last_status=last.status,
            last_text=text_of(last),
        )

    def _turn(self, second: int) -> None:
        """Empty the seconds that have passed since the newest."""
        for passed in range(max(self._second + 1, second - WINDOW + 1), second + 1):
            self._seconds[passed % WINDOW] = 0
        self._second = max(self._second, second)


def text_of(call: Call) -> str:
    """`GET httpbin.prod:8000/status/418`; of a connection that never came to a request, why."""
    return f"{call.method} {call.host}{call.path}".strip() or call.details
