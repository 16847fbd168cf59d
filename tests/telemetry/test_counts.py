"""Calls that are alike are one row, and nobody can make rows without end."""

from __future__ import annotations

from datetime import timedelta

from meshtui.mesh.traffic import Outcome
from meshtui.telemetry.counts import MOST_HOSTS, OTHER_HOSTS, Counts, text_of
from tests.telemetry.calling import NOW, call, denied


def test_calls_that_are_alike_are_counted_together() -> None:
    """Paths and statuses do not divide them; the last one is told."""
    counts = Counts()
    counts.add(call(), 100)
    counts.add(call(path="/status/418", status=418, at=NOW + timedelta(seconds=1)), 101)
    counts.add(call(tls=""), 101)
    first, second = counts.pairs(101)
    assert (first.count, first.last_status, first.last_text) == (2, 418, "GET httpbin.prod/status/418")
    assert NOW + timedelta(seconds=1) == first.last_at
    assert (second.tls, second.count) == ("", 1)


def test_denied_come_first_then_failures_then_the_most_frequent() -> None:
    """In the order in which somebody looks at them."""
    counts = Counts()
    for _ in range(3):
        counts.add(call(), 100)
    counts.add(call(destination="workload/prod/other"), 100)
    counts.add(call(outcome=Outcome.ERROR), 100)
    counts.add(call(outcome=Outcome.FAILED), 100)
    counts.add(denied(), 100)
    found = [(pair.outcome, pair.count) for pair in counts.pairs(100)]
    expected = [(Outcome.DENIED, 1), (Outcome.FAILED, 1), (Outcome.ERROR, 1), (Outcome.OK, 3), (Outcome.OK, 1)]
    assert expected == found


def test_callers_of_a_workload_are_those_that_may() -> None:
    """The most frequent first, by target where one has the identity; who was denied does not depend on it."""
    counts = Counts()
    counts.add(call(), 100)
    for _ in range(2):
        counts.add(call(source="", source_target=""), 100)
    counts.add(call(source="spiffe://elsewhere/ns/a/sa/b", source_target="", outcome=Outcome.ERROR), 100)
    counts.add(denied(source="spiffe://elsewhere/ns/a/sa/c", source_target=""), 100)
    counts.add(call(destination="workload/prod/other", source_target="workload/prod/third"), 100)
    known = call()
    assert counts.callers_of(known.destination) == ["", known.source_target, "spiffe://elsewhere/ns/a/sa/b"]
    assert counts.callers_of("workload/prod/nobody") == []


def test_rate_is_of_the_last_ten_seconds() -> None:
    """It falls when nothing more comes, second by second, whether or not somebody looks meanwhile."""
    counts = Counts()
    for second in (100, 105, 105):
        counts.add(call(), second)
    assert [counts.pairs(at)[0].per_second for at in (105, 109, 110, 114, 115)] == [0.3, 0.3, 0.2, 0.2, 0.0]
    counts.add(call(), 1_000_000)
    assert (counts.pairs(1_000_000)[0].per_second, counts.pairs(1_000_000)[0].count) == (0.1, 4)


def test_kinds_of_calls_are_bounded() -> None:
    """What is known goes on being counted; the rest is told as dropped."""
    counts = Counts(most=2)
    for number in range(5):
        counts.add(call(source=f"spiffe://cluster.local/ns/prod/sa/{number}"), 100)
    counts.add(call(source="spiffe://cluster.local/ns/prod/sa/0"), 100)
    assert (len(counts), counts.dropped) == (2, 3)
    assert [pair.count for pair in counts.pairs(100)] == [2, 1]


def test_hosts_that_callers_make_up_leave_room_for_workloads() -> None:
    """Beyond a number they are one row."""
    counts = Counts()
    for number in range(MOST_HOSTS + 20):
        counts.add(call(destination=f"{number}.example.com", destination_identity=""), 100)
    counts.add(call(), 100)
    assert len(counts) == MOST_HOSTS + 2
    assert next(pair.count for pair in counts.pairs(100) if pair.destination == OTHER_HOSTS) == 20
    assert counts.dropped == 0


def test_decisions_are_counted_by_policy() -> None:
    """Those that allowed as well as those that denied."""
    counts = Counts()
    for each in (denied(), call(policy="AuthorizationPolicy prod/allow"), denied(path="/other"), call()):
        counts.add(each, 100)
    assert counts.policies == {"AuthorizationPolicy prod/deny": 2, "AuthorizationPolicy prod/allow": 1}


def test_connection_without_a_request_says_why() -> None:
    """There is no method, host or path to show."""
    assert text_of(denied(method="", host="", path="", details="it spoke no TLS")) == "it spoke no TLS"
