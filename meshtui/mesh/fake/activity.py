"""What goes on in the fake mesh: calls between its workloads, and the time line of its audit.

Made of the small tables below and the moment at which the fake began, so that it is always the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from meshtui.mesh.fake.certificates import TRUST_DOMAIN
from meshtui.mesh.filter import Filter, Match
from meshtui.mesh.filters.audit import ENTRIES
from meshtui.mesh.filters.calls import CALLS, PAIRS
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import AuditQuery, Call, Outcome, Pair, Traffic, TrafficQuery

_TLS = "TLSv1.3"
_SINCE = timedelta(hours=2, minutes=41)
_ORDER = list(Outcome)


class _Seen(NamedTuple):
    """Calls that were alike. Ends are `NAMESPACE/NAME`; a source of `` spoke plaintext."""

    source: str
    destination: str
    outcome: Outcome
    policy: str
    calls: int
    per_second: float
    ago: float
    """Seconds since the last one."""
    status: int
    request: str
    details: str = ""
    reporter: str = "destination"


_SEEN = (
    _Seen(
        "prod/sleep",
        "prod/httpbin",
        Outcome.DENIED,
        "",
        38,
        0.4,
        2,
        403,
        "GET /status/418",
        "rbac_access_denied_matched_policy[none]",
    ),
    _Seen(
        "",
        "prod/httpbin",
        Outcome.DENIED,
        "PeerAuthentication istio-system/default",
        9,
        0,
        71,
        403,
        "GET /get",
        "rbac_access_denied_matched_policy[ns[istio-system]-policy[default]]",
    ),
    _Seen(
        "batch/loader",
        "payments/checkout",
        Outcome.DENIED,
        "AuthorizationPolicy payments/not-from-batch",
        3,
        0,
        640,
        403,
        "POST /v1/bulk",
        "rbac_access_denied_matched_policy[ns[payments]-policy[not-from-batch]-rule[0]]",
    ),
    _Seen(
        "payments/checkout",
        "payments/ledger",
        Outcome.FAILED,
        "",
        117,
        1.5,
        1,
        503,
        "POST /v1/entries",
        "upstream_reset_before_response_started{connection_termination} UC",
        "source",
    ),
    _Seen("prod/productpage-v1", "prod/reviews-v1", Outcome.ERROR, "", 12, 0.1, 8, 500, "GET /reviews/0"),
    _Seen(
        "istio-system/ingressgateway", "prod/productpage-v1", Outcome.OK, "", 12_407, 8.2, 0, 200, "GET /productpage"
    ),
    _Seen("istio-system/ingressgateway", "prod/httpbin", Outcome.OK, "", 1_766, 1.1, 1, 200, "GET /headers"),
    _Seen("prod/sleep", "prod/httpbin", Outcome.OK, "", 38, 0.4, 2, 200, "GET /get"),
    _Seen("prod/productpage-v1", "prod/details-v1", Outcome.OK, "", 12_406, 8.2, 0, 200, "GET /details/0"),
    _Seen("prod/productpage-v1", "prod/reviews-v1", Outcome.OK, "", 4_101, 2.7, 1, 200, "GET /reviews/0"),
    _Seen("prod/productpage-v1", "prod/reviews-v2", Outcome.OK, "", 4_123, 2.7, 0, 200, "GET /reviews/0"),
    _Seen("prod/productpage-v1", "prod/reviews-v3", Outcome.OK, "", 4_170, 2.8, 1, 200, "GET /reviews/0"),
    _Seen(
        "",
        "prod/reviews-v1",
        Outcome.DENIED,
        "",
        2,
        0,
        5_400,
        403,
        "GET /health",
        "rbac_access_denied_matched_policy[none]",
    ),
)
_ALLOWED_BY = {
    "prod/httpbin": "AuthorizationPolicy prod/httpbin",
    "prod/productpage-v1": "AuthorizationPolicy prod/productpage",
    "prod/details-v1": "AuthorizationPolicy prod/from-productpage",
    "prod/reviews-v1": "AuthorizationPolicy prod/from-productpage",
    "prod/reviews-v2": "AuthorizationPolicy prod/from-productpage",
    "prod/reviews-v3": "AuthorizationPolicy prod/from-productpage",
}
_KEPT = 5
"""Calls of each denied pair that are kept, a little while apart."""

_APPLIED = (
    (timedelta(hours=2, minutes=3), "PeerAuthentication istio-system/default"),
    (timedelta(hours=2, minutes=2), "AuthorizationPolicy prod/httpbin"),
    (timedelta(minutes=47), "AuthorizationPolicy prod/ratings"),
    (timedelta(minutes=6), "DestinationRule payments/ledger-plaintext"),
)
_REFUSED = (timedelta(minutes=3), 'The token is for the audience "kubernetes.default.svc", not "istio-ca".')


def demo_traffic(began: datetime) -> Traffic:
    """The calls until the fake began."""
    seen = sorted(_SEEN, key=lambda each: _ORDER.index(each.outcome))
    pairs = tuple(_pair(each, began) for each in seen)
    return Traffic(since=began - _SINCE, pairs=pairs, denied=tuple(denied_calls(began)))


def selected(traffic: Traffic, query: TrafficQuery, now: datetime) -> Traffic:
    """What of the calls is asked for."""
    of_pairs, of_calls = Filter.parse(query.filter, PAIRS).at(now), Filter.parse(query.filter, CALLS).at(now)
    wanted = [pair for pair in traffic.pairs if pair.outcome is Outcome.DENIED or not query.denied_only]
    pairs = [pair for pair in wanted if of_pairs.match(pair, _pair_text(pair))]
    calls = [call for call in traffic.denied if of_calls.match(call, _call_text(call))]
    return replace(traffic, pairs=tuple(pairs[: query.limit]), denied=tuple(calls[: query.limit]))


def denied_calls(began: datetime) -> list[Call]:
    """Those that are kept one by one, newest first."""
    calls = [
        _call(each, began - timedelta(seconds=each.ago + 13 * index))
        for each in _SEEN
        if each.outcome is Outcome.DENIED
        for index in range(min(each.calls, _KEPT))
    ]
    return sorted(calls, key=lambda call: call.at, reverse=True)


def audit_of(entries: Iterable[HistoryEntry], query: AuditQuery, now: datetime) -> list[HistoryEntry]:
    """What of these entries is asked for, newest first."""
    match = Filter.parse(query.filter, ENTRIES).at(now)
    wanted = [entry for entry in entries if _is_asked_for(entry, query, match)]
    return sorted(wanted, key=lambda entry: entry.at, reverse=True)[: query.limit]


def _is_asked_for(entry: HistoryEntry, query: AuditQuery, match: Match[HistoryEntry]) -> bool:
    text = "\0".join((entry.kind, entry.target, entry.actor, entry.text, entry.outcome)).casefold()
    return (
        (not query.kinds or entry.kind in query.kinds)
        and query.target in ("", entry.target)
        and (query.since is None or entry.at >= query.since)
        and match.match(entry, text)
    )


def demo_entries(began: datetime) -> Sequence[HistoryEntry]:
    """What had happened when the fake began, beside what its journal has: denials, configuration, a refusal."""
    ago, refusal = _REFUSED
    denied = [
        HistoryEntry(
            at=call.at,
            kind="denied",
            target=call.destination,
            actor=call.source or "plaintext",
            text=f"{call.method} {call.host}{call.path}: {call.status}",
            outcome="refused",
            policy=call.policy,
        )
        for call in denied_calls(began)
    ]
    applied = [
        HistoryEntry(at=began - age, kind="configuration", target=policy, actor="ana", text="applied", outcome="ok")
        for age, policy in _APPLIED
    ]
    refused = HistoryEntry(
        at=began - ago,
        kind="refused",
        target="workload/batch/loader",
        actor=_identity("batch/loader"),
        text=refusal,
        outcome="refused",
        reason="token-audience",
    )
    return [*denied, *applied, refused]


def _identity(name: str) -> str:
    namespace, _, account = name.partition("/")
    return f"spiffe://{TRUST_DOMAIN}/ns/{namespace}/sa/{account}" if name else ""


def _host(name: str) -> str:
    namespace, _, service = name.partition("/")
    return f"{service}.{namespace}:8000"


def _pair(seen: _Seen, began: datetime) -> Pair:
    method, _, path = seen.request.partition(" ")
    allowed = _ALLOWED_BY.get(seen.destination, "") if seen.outcome in (Outcome.OK, Outcome.ERROR) else ""
    return Pair(
        source=_identity(seen.source),
        source_target=f"workload/{seen.source}" if seen.source else "",
        destination=f"workload/{seen.destination}",
        destination_identity=_identity(seen.destination),
        policy=seen.policy or allowed,
        outcome=seen.outcome,
        tls=_TLS if seen.source and seen.outcome is not Outcome.FAILED else "",
        reporter=seen.reporter,
        count=seen.calls,
        per_second=seen.per_second,
        last_at=began - timedelta(seconds=seen.ago),
        last_status=seen.status,
        last_text=f"{method} {_host(seen.destination)}{path}",
    )


def _call(seen: _Seen, at: datetime) -> Call:
    method, _, path = seen.request.partition(" ")
    return Call(
        at=at,
        reporter=seen.reporter,
        source=_identity(seen.source),
        source_target=f"workload/{seen.source}" if seen.source else "",
        destination=f"workload/{seen.destination}",
        destination_identity=_identity(seen.destination),
        method=method,
        host=_host(seen.destination),
        path=path,
        status=seen.status,
        outcome=seen.outcome,
        policy=seen.policy,
        tls=_TLS if seen.source else "",
        details=seen.details,
        milliseconds=0.4,
    )


def _pair_text(pair: Pair) -> str:
    ends = (pair.source or "plaintext", pair.source_target, pair.destination, pair.destination_identity)
    return "\0".join((*ends, pair.policy, pair.outcome, pair.tls, pair.last_text)).casefold()


def _call_text(call: Call) -> str:
    ends = (call.source or "plaintext", call.source_target, call.destination, call.destination_identity)
    request = (call.method, call.host, call.path, str(call.status))
    return "\0".join((*ends, call.policy, call.outcome, *request, call.details)).casefold()
