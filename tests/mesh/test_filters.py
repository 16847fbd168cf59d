"""The languages of lists without certificates: each field finds what it names, and nothing typed is an error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.findings import Finding, Severity
from meshtui.mesh.access import MatrixCell, PolicyRow, Reach
from meshtui.mesh.fake.activity import demo_entries, demo_traffic
from meshtui.mesh.filter import Filter
from meshtui.mesh.filter_fields import Language, NumberField, TextField, TimeField
from meshtui.mesh.filters.audit import ENTRIES
from meshtui.mesh.filters.calls import CALLS, CELLS, PAIRS
from meshtui.mesh.filters.findings import FINDINGS
from meshtui.mesh.filters.policies import POLICIES
from meshtui.mesh.words import Words
from meshtui.present.audit import TOLD, told

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
TRAFFIC = demo_traffic(NOW)


def policy(kind: str, name: str, says: str, state: str = "in force", decisions: int = 0) -> PolicyRow:
    return PolicyRow(
        policy=f"{kind} prod/{name}",
        kind=kind,
        namespace="prod",
        name=name,
        says=says,
        scope="namespace prod",
        workloads=3,
        state=state,
        problem="No proxy has it." if state == "rejected" else "",
        decisions=decisions,
    )


def finding(severity: Severity, target: str, code: str, *affects: str) -> Finding:
    return Finding(severity=severity, code=code, target=target, text=f"{code} it is", fix="none", affects=affects)


ITEMS: dict[str, tuple[Language[Any], tuple[Any, ...]]] = {
    "pairs": (PAIRS, TRAFFIC.pairs),
    "calls": (CALLS, TRAFFIC.denied),
    "entries": (ENTRIES, tuple(demo_entries(NOW))),
    "told": (TOLD, tuple(told(demo_entries(NOW)))),
    "cells": (
        CELLS,
        tuple(
            MatrixCell(source=source, destination="workload/prod/httpbin", reach=reach, reason="as it is")
            for source, reach in (("workload/prod/sleep", Reach.SOME), ("plaintext", Reach.NONE))
        ),
    ),
    "policies": (
        POLICIES,
        (
            policy("PeerAuthentication", "default", "STRICT, 8080 DISABLE"),
            policy("AuthorizationPolicy", "httpbin", "ALLOW 2 rules", decisions=1_200),
            policy("AuthorizationPolicy", "none", "DENY nothing", "rejected"),
            policy("RequestAuthentication", "tokens", "https://issuer.example.com", "dry run"),
        ),
    ),
    "findings": (
        FINDINGS,
        (
            finding(Severity.CRITICAL, "gateway/istio-system/shop", "host-not-covered", "shop.example.com"),
            finding(Severity.WARNING, "workload/prod/httpbin", "overdue"),
            finding(Severity.INFO, "", "no-envoy"),
        ),
    ),
}
NAMES = sorted(ITEMS)
MARKS = ["!", '"', ":", "<", "<=", ">", "=", "*", " ", "1", "24h", "9" * 400, "\0", "é", "prod", "denied", "ok"]


def typed(name: str) -> st.SearchStrategy[str]:
    fields = [*ITEMS[name][0].fields]
    return st.lists(st.sampled_from([*fields, *MARKS]), max_size=8).map("".join) | st.text(max_size=20)


def found(name: str, text: str) -> list[Any]:
    language, items = ITEMS[name]
    match = Filter.parse(text, language).at(NOW)
    return [item for item in items if match.match(item)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pairs", "from:sleep outcome:denied", 1),
        ("pairs", "from:prod/sleep", 2),
        ("pairs", "from:workload/prod/sleep !outcome:ok", 1),
        ("pairs", "from:spiffe://cluster.local/ns/prod/sa/sleep", 2),
        ("pairs", "from=plaintext", 2),
        ("pairs", "from:slee*", 2),
        ("pairs", "to:httpbin count>100", 1),
        ("pairs", "to:httpbin count<=38 count>=38", 2),
        ("pairs", "count:38", 2),
        ("pairs", "count=38 !is:denied", 1),
        ("pairs", "ns:batch", 1),
        ("pairs", "policy:not-from-batch", 1),
        ("pairs", "policy=payments/not-from-batch", 1),
        ("pairs", "port:8000", len(TRAFFIC.pairs)),
        ("pairs", "port<8000", 0),
        ("pairs", "path:/status", 1),
        ("pairs", "method:post", 2),
        ("pairs", "status>=500", 2),
        ("pairs", "rate>8", 2),
        ("pairs", "tls:none is:trouble", 3),
        ("pairs", "reporter:source", 1),
        ("pairs", "last>1h", 1),
        ("pairs", "last<5m is:denied", 2),
        ("calls", "path:/status/418 status:403", 5),
        ("calls", "count:1 rate>0", 0),
        ("calls", "last>1h30m", 1),
        ("entries", "kind:configuration at<1h", 2),
        ("entries", "by:ana verb:applied ns:payments", 1),
        ("entries", "target:ledger-plaintext", 1),
        ("entries", "by:loader is:trouble reason:token", 1),
        ("entries", "by:batch/loader kind:refused", 1),
        ("entries", "by:cluster.local/batch kind:refused", 1),
        ("told", "by:ana at>2h", 2),
        ("cells", "from:sleep to:httpbin reach:some", 1),
        ("cells", "!from:plaintext", 1),
        ("policies", "kind:ap", 2),
        ("policies", "kind:peerauth mode:strict mode:disable", 1),
        ("policies", "mode:deny is:trouble problem:proxy", 1),
        ("policies", "decided>1000", 1),
        ("policies", 'state:"dry run" name:tok* ns=prod', 1),
        ("findings", "severity:critical kind:gateway ns:istio-system", 1),
        ("findings", "target:httpbin code:over", 1),
        ("findings", "kind:mesh", 1),
        ("findings", "affects:example.com", 1),
    ],
)
def test_fields_ask_for_one_thing(name: str, text: str, expected: int) -> None:
    """Ends by any of their names, numbers and times by size, everything else from its beginning."""
    assert expected == len(found(name, text))
    assert not Filter.parse(text, ITEMS[name][0]).problem


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=30)
@given(st.data())
def test_any_text_is_a_filter(name: str, data: st.DataObject) -> None:
    """Whatever is typed lets something through or not; negated terms let through what the term does not."""
    language, items = ITEMS[name]
    text, other = data.draw(typed(name)), data.draw(typed(name))
    match = Filter.parse(text, language).at(NOW)
    assert bool(match) or found(name, text) == list(items)
    both = [item for item in found(name, text) if item in found(name, other)]
    if '"' not in text + other:
        assert both == found(name, f"{text} {other}")
    if match and len(text.split()) == 1 and not {'"', "!"} & {*text}:
        assert [item for item in items if item not in found(name, text)] == found(name, f"!{text.strip()}")


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=30)
@given(st.text("abcdeiknoprtxz/ !0", max_size=12))
def test_plain_words_find_what_they_found_without_fields(name: str, text: str) -> None:
    """They are sought in the text of an item, and nowhere else."""
    language, items = ITEMS[name]
    words: Callable[[str], bool] = Words.parse(text).in_text
    assert [item for item in items if words(language.text(item))] == found(name, text)


@pytest.mark.parametrize("name", NAMES)
def test_each_field_waits_until_it_has_a_value(name: str) -> None:
    """Half a term hides nothing, says what it waits for, and a nearly right name is recognised."""
    language, items = ITEMS[name]
    for field, kind in language.fields.items():
        sign = "<" if isinstance(kind, NumberField | TimeField) else ":"
        assert f"{field}{sign}" in language.names.split()
        filtered = Filter.parse(f"{field}{sign}", language)
        assert not filtered
        assert "waits for" in filtered.problem
        if isinstance(kind, TextField):
            assert "not compared by size" in Filter.parse(f"{field}<x", language).problem
    assert not Filter.parse(language.examples, language).problem
    assert list(items) == found(name, "")


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        (PAIRS, "form:sleep", "did you mean from?"),
        (PAIRS, "outcom:denied", "did you mean outcome?"),
        (PAIRS, "outcome:dnied", "'dnied' is none of outcome: denied, failed, error, ok."),
        (PAIRS, "count>many", "'many' is no number"),
        (PAIRS, "count>1h", "'1h' is no number"),
        (PAIRS, "last<10%", "not a share"),
        (ENTRIES, "verbs:rotate", "did you mean verb?"),
        (FINDINGS, "severty:critical", "did you mean severity?"),
        (POLICIES, "mdoe:strict", "did you mean mode?"),
    ],
)
def test_what_is_odd_is_said_in_the_words_of_the_list(language: Language[Any], text: str, words: str) -> None:
    """With the field that was perhaps meant, or what there is."""
    assert words in Filter.parse(text, language).problem


def test_fields_of_certificates_are_words_elsewhere() -> None:
    """Each list has its own: `left<24h` asks a policy nothing."""
    assert found("policies", "issuer.example.com kind:ra")
    assert Filter.parse("left<24h", POLICIES).words
    assert not Filter.parse("left<24h").words


def test_times_go_by_the_clock() -> None:
    """What was a minute ago is two minutes ago in a minute."""
    pair = replace(TRAFFIC.pairs[0], last_at=NOW - timedelta(seconds=50))
    filtered = Filter.parse("last<1m", PAIRS)
    assert filtered.timed
    assert filtered.at(NOW).match(pair)
    assert not filtered.at(NOW + timedelta(seconds=20)).match(pair)
