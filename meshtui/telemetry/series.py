"""What Prometheus is told of requests, counted under Istio's labels. Pure state.

Every label comes from the configuration or from a certificate of this mesh. What callers choose freely (hosts, paths,
names of other CAs) becomes `unknown`, so that nobody can make series without end; and their number is bounded too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from meshtui.telemetry.calls import DESTINATION, SOURCE, Reported
from meshtui.telemetry.directory import Directory

LABELS = (
    "reporter",
    "source_workload",
    "source_workload_namespace",
    "source_principal",
    "destination_workload",
    "destination_workload_namespace",
    "destination_principal",
    "destination_service",
    "request_protocol",
    "response_code",
    "response_flags",
    "connection_security_policy",
)
"""Of `istio_requests_total`: those of Istio's that are known here."""
BUCKETS = (0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1e3, 2.5e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 1.8e6, 3.6e6)
"""Upper bounds in milliseconds, as in Istio."""
MOST_SERIES = 2_000
UNKNOWN = "unknown"
"""Istio's word."""

_Key = tuple[str, str, str, str, str, str, int, str, bool]


class Duration:
    """How long the requests of one series took."""

    __slots__ = ("buckets", "milliseconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        """Requests of each bucket alone; the last has no upper bound."""
        self.milliseconds = 0.0

    def add(self, milliseconds: float) -> None:
        """One more request."""
        self.buckets[bisect_left(BUCKETS, milliseconds)] += 1
        self.milliseconds += milliseconds


class Series:
    """One histogram for each set of labels, whose count is `istio_requests_total`."""

    def __init__(self, most: int = MOST_SERIES) -> None:
        self._durations: dict[_Key, Duration] = {}
        self._most = most
        self.dropped = 0
        """Requests that are in no series, because there were too many."""

    def add(self, reported: Reported, directory: Directory) -> None:
        """Count a request. What a gateway sent on counts as the gateway's own call, as in Istio."""
        call, onward = reported.call, reported.onward
        key: _Key
        if onward:
            there = directory.identities.get(onward, "")
            key = (SOURCE, call.destination, call.destination_identity, onward, there, *_answer(reported), False)
        else:
            ours = call.source.startswith(directory.principals)
            source, known = call.source if ours else "", call.destination if call.destination_identity else ""
            ends = (call.source_target, source, known, call.destination_identity)
            key = (call.reporter, *ends, *_answer(reported), bool(call.tls))
        duration = self._durations.get(key)
        if duration is None:
            if len(self._durations) >= self._most:
                self.dropped += 1
                return
            duration = self._durations[key] = Duration()
        duration.add(call.milliseconds)

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], Duration]]:
        """Each with the values of `LABELS`."""
        return ((_labels(key), duration) for key, duration in self._durations.items())


def _answer(reported: Reported) -> tuple[str, int, str]:
    return reported.service, reported.call.status, reported.flags


def _labels(key: _Key) -> tuple[str, ...]:
    reporter, source, source_principal, destination, destination_principal, service, status, flags, tls = key
    # a client does not know by which policy its peer is bound, which is how Istio has it
    security = UNKNOWN if reporter != DESTINATION else "mutual_tls" if tls and source_principal else "none"
    return (
        reporter,
        *_workload(source),
        source_principal or UNKNOWN,
        *_workload(destination),
        destination_principal or UNKNOWN,
        service or UNKNOWN,
        "http",
        str(status),
        flags or "-",
        security,
    )


def _workload(target: str) -> tuple[str, str]:
    """Name and namespace."""
    _, _, name = target.partition("/")
    namespace, _, workload = name.partition("/")
    return (workload, namespace) if workload else (UNKNOWN, UNKNOWN)
