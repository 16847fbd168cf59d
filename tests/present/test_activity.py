"""Policies, traffic and the audit in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.filters.calls import CALLS, PAIRS
from meshtui.mesh.filters.policies import POLICIES
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import AuditQuery, Outcome, TrafficQuery
from meshtui.present.audit import AUDIT, TOLD, Told, told, told_key, told_lines, told_summary
from meshtui.present.cells import line_width
from meshtui.present.columns import joined
from meshtui.present.ends import actor_name, called_name, caller_name, target_line
from meshtui.present.glyphs import ASCII, UNICODE
from meshtui.present.history import history_lines
from meshtui.present.manifest import manifest_lines
from meshtui.present.policies import policy_badge, policy_lines, policy_summary
from meshtui.present.times import ago, stamp
from meshtui.present.tones import Line, Tone, plain
from meshtui.present.traffic import (
    DENIED,
    TRAFFIC,
    call_lines,
    call_summary,
    outcome_badge,
    pair_key,
    pair_lines,
    pair_summary,
)

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)


@pytest.fixture
def mesh() -> FakeMesh:
    return FakeMesh(now=lambda: NOW)


def text(lines: list[Line] | tuple[Line, ...]) -> str:
    return "\n".join(plain(line) for line in lines)


@pytest.mark.parametrize("width", [38, 78, 138])
async def test_pages_and_summaries_keep_to_their_width(mesh: FakeMesh, width: int) -> None:
    """No line of any of them is wider than the screen."""
    traffic, entries = await mesh.traffic(TrafficQuery()), await mesh.audit(AuditQuery())
    policies = await mesh.policies()
    (document,) = await mesh.get("AuthorizationPolicy", "httpbin", "prod")
    for glyphs in (UNICODE, ASCII):
        lines = [
            *(line for row in policies for line in policy_lines(row, width, glyphs)),
            *(line for row in policies for line in policy_summary(row, NOW, width, glyphs)),
            *(line for pair in traffic.pairs for line in pair_lines(pair, NOW, width, glyphs)),
            *(line for pair in traffic.pairs for line in pair_summary(pair, NOW, width, glyphs)),
            *(line for call in traffic.denied for line in call_summary(call, NOW, width, glyphs)),
            *(line for item in told(entries) for line in told_lines(item, [], NOW, width, glyphs)),
            *(line for item in told(entries) for line in told_summary(item, NOW, width, glyphs)),
            *manifest_lines(document, width, glyphs),
        ]
        assert max(map(line_width, lines)) <= width


def test_every_state_and_outcome_is_a_sign_a_word_and_a_tone() -> None:
    """What is well is quiet, what is not is not; a state that is not known yet is shown as it is."""
    badges = {state: policy_badge(state, UNICODE) for state in ("in force", "rejected", "without effect", "moon")}
    assert [badge.word for badge in badges.values()] == list(badges)
    tones = {state: badge.tone for state, badge in badges.items()}
    assert tones == {
        "in force": Tone.QUIET,
        "rejected": Tone.BAD,
        "without effect": Tone.WARN,
        "moon": Tone.UNSURE,
    }
    assert [outcome_badge(outcome, UNICODE).word for outcome in Outcome] == ["denied", "failed", "error", "ok"]


async def test_a_policy_says_whom_it_is_about_and_what_is_wrong(mesh: FakeMesh) -> None:
    """On its page and below the list."""
    rows = {row.name: row for row in await mesh.policies()}
    for lines in (policy_lines(rows["ratings"], 138, UNICODE), policy_summary(rows["ratings"], NOW, 138, UNICODE)):
        shown = text(lines)
        for part in ("AuthorizationPolicy prod/ratings", "app=ratings-v1 in prod, 1 workload", "Envoy rejected it"):
            assert part in shown
    assert "24,806 calls" in text(policy_lines(rows["from-productpage"], 78, UNICODE))


async def test_a_manifest_is_yaml(mesh: FakeMesh) -> None:
    """With its structure, and every value."""
    (document,) = await mesh.get("AuthorizationPolicy", "httpbin", "prod")
    shown = text(manifest_lines(document, 138, UNICODE)).splitlines()
    assert "kind: AuthorizationPolicy" in shown
    assert "        - cluster.local/ns/prod/sa/sleep" in shown
    hostile = text(manifest_lines({"metadata": {"name": "a\x1b[2J"}, "note": "b" * 500}, 40, ASCII))
    assert "\x1b" not in hostile
    assert hostile.replace("\n", "").replace(" ", "").count("b") == 500


async def test_a_denied_call_without_a_policy_says_that_none_allows_it(mesh: FakeMesh) -> None:
    """An empty column would look like a call that nobody decided."""
    pairs = {pair.source_target: pair for pair in (await mesh.traffic(TrafficQuery(denied_only=True))).pairs}
    shown = text(pair_summary(pairs["workload/prod/sleep"], NOW, 138, UNICODE))
    assert "no policy allows it" in shown
    assert "GET httpbin.prod:8000/status/418  403" in shown
    assert "spiffe://cluster.local/ns/prod/sa/sleep → spiffe://cluster.local/ns/prod/sa/httpbin" in shown
    narrow = text(pair_summary(pairs["workload/prod/sleep"], NOW, 78, UNICODE))
    assert "cluster.local/ns/prod/sa/sleep → cluster.local/ns/prod/sa/httpbin" in narrow
    assert "spiffe" not in narrow


async def test_who_proves_no_identity_is_called_plaintext(mesh: FakeMesh) -> None:
    """In every place where a name would stand."""
    traffic = await mesh.traffic(TrafficQuery(filter="plaintext"))
    assert traffic.pairs
    for pair in traffic.pairs:
        assert caller_name(pair) == "plaintext"
        assert "plaintext → spiffe://" in text(pair_summary(pair, NOW, 138, UNICODE))
        assert "plaintext" in PAIRS.text(pair)
    assert all("plaintext → " in line for line in text(call_lines(traffic.denied, NOW, 138, UNICODE)).splitlines())


async def test_who_speaks_tls_without_a_certificate_sends_no_plaintext(mesh: FakeMesh) -> None:
    """The client of a gateway proves nothing, and is not called plaintext for it."""
    pair = replace((await mesh.traffic(TrafficQuery(filter="plaintext"))).pairs[0], tls="TLSv1.3")
    assert caller_name(pair) == "no identity"
    assert "no identity → spiffe://" in text(pair_summary(pair, NOW, 138, UNICODE))
    assert "plaintext" not in PAIRS.text(pair)


async def test_filters_find_what_is_shown_and_what_is_abbreviated(mesh: FakeMesh) -> None:
    """Names, identities, policies, words of states, and the short names of kinds."""
    (ratings,) = [row for row in await mesh.policies() if row.name == "ratings"]
    assert all(word in POLICIES.text(ratings) for word in ("ap", "rejected", "prod/ratings", "invalid path"))
    traffic = await mesh.traffic(TrafficQuery())
    assert all(word in PAIRS.text(traffic.pairs[0]) for word in ("denied", "sa/sleep", "/status/418"))
    assert all(word in CALLS.text(traffic.denied[0]) for word in ("403", "rbac_access_denied", "get"))
    (refused,) = told(await mesh.audit(AuditQuery(kinds=("refused",))))
    assert "token-audience" in TOLD.text(refused)


async def test_pairs_of_equal_ends_have_keys_of_their_own(mesh: FakeMesh) -> None:
    """A cursor on one of them never jumps to the other."""
    pairs = (await mesh.traffic(TrafficQuery())).pairs
    assert len({pair_key(pair) for pair in pairs}) == len(pairs)
    same = replace(pairs[0], count=pairs[0].count + 1, last_at=NOW, per_second=99.0)
    assert pair_key(same) == pair_key(pairs[0])


async def test_an_entry_is_told_whole(mesh: FakeMesh) -> None:
    """Who, what, when, by which rule; and of a certificate what the CA has on record."""
    (refused,) = told(await mesh.audit(AuditQuery(kinds=("refused",))))
    shown = text(told_lines(refused, [], NOW, 78, UNICODE))
    for part in ("2026-11-24 13:59:31Z, 3 minutes ago", "workload/batch/loader", "token-audience", "istio-ca"):
        assert part in shown
    issued = (await mesh.audit(AuditQuery(kinds=("issued",))))[0]
    recorded = await mesh.history(issued.serial)
    shown = text(told_lines(Told(issued, issued.at), recorded, NOW, 78, UNICODE))
    assert "ON RECORD" in shown
    assert issued.serial in shown


async def test_a_flood_of_denied_calls_is_told_once(mesh: FakeMesh) -> None:
    """As long as nothing else happens between them; how often and since when is said, and nothing else is hidden."""
    entries = await mesh.audit(AuditQuery())
    items = told(entries)
    assert sum(item.count for item in items) == len(entries)
    assert [item.entry for item in items if item.entry.kind != "denied"] == [
        entry for entry in entries if entry.kind != "denied"
    ]
    first = items[0]
    assert (first.entry, first.count, first.first_at) == (entries[0], 5, entries[4].at)
    for lines in (told_lines(first, [], NOW, 78, UNICODE), told_summary(first, NOW, 78, UNICODE)):
        assert "5" in text(lines)
        assert f"{first.first_at:%H:%M:%S}Z" in text(lines)
    another = replace(entries[0], at=NOW)
    longer = told([another, *entries])
    assert (longer[0].count, len(longer)) == (6, len(items))
    assert told_key(longer[0]) == told_key(first)


async def test_denied_calls_that_take_turns_are_told_once_each(mesh: FakeMesh) -> None:
    """Two callers who are both denied all the time are two lines."""
    denied = await mesh.audit(AuditQuery(kinds=("denied",)))
    one, other = denied[0], denied[-1]
    issued = (await mesh.audit(AuditQuery(kinds=("issued",))))[0]
    counts = [(item.entry, item.count) for item in told([one, other, one, other, one, issued, one])]
    assert counts == [(one, 3), (other, 2), (issued, 1), (one, 1)]


@pytest.mark.parametrize(
    ("target", "width", "expected"),
    [
        ("workload/prod/httpbin", 30, "workload/prod/httpbin"),
        ("workload/prod/httpbin", 15, "prod/httpbin"),
        ("AuthorizationPolicy prod/x", 60, "prod/x AuthorizationPolicy"),
        ("AuthorizationPolicy prod/x", 30, "prod/x ap"),
        ("Namespace prod", 30, "prod ns"),
        ("", 30, ""),
    ],
)
def test_what_tells_things_apart_comes_first(target: str, width: int, expected: str) -> None:
    """Targets lose their kind where it is narrow, objects have theirs behind their names."""
    assert plain(target_line(target, width, UNICODE)) == expected


def test_moments_fit_their_columns() -> None:
    """And what happens all the time does not flicker."""
    assert stamp(NOW, NOW) == "14:02:31Z"
    assert stamp(NOW - timedelta(days=3), NOW) == "11-21 14:02Z"
    ages = {seconds: ago(NOW - timedelta(seconds=seconds), NOW) for seconds in (-3, 0, 9, 10, 19, 59, 60, 7200)}
    assert list(ages.values()) == ["now", "now", "now", "10s", "10s", "50s", "1m", "2h"]


async def test_request_that_nobody_could_read_was_for_nobody_known(mesh: FakeMesh) -> None:
    """Whom it was for is not known, which is not the same as a caller without an identity."""
    first = (await mesh.traffic(TrafficQuery())).pairs[0]
    pair = replace(first, destination="", destination_identity="", outcome=Outcome.FAILED)
    assert called_name(pair.destination) == "nobody known"
    assert called_name("workload/prod/httpbin") == "prod/httpbin"
    assert plain(pair_summary(pair, NOW, 138, UNICODE)[0]).rstrip().endswith("→ nobody known")
    assert "destination nobody known" in " ".join(text(pair_lines(pair, NOW, 138, UNICODE)).split())


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ("spiffe://cluster.local/ns/prod/sa/sleep", "cluster.local/prod/sleep"),
        ("spiffe://other.example/workload", "other.example/workload"),
        ("ana", "ana"),
        ("plaintext", "plaintext"),
    ],
)
def test_who_did_it_is_short_in_lists(actor: str, name: str) -> None:
    """With its trust domain: another mesh's account of that name is another. In a narrow column its end is kept.

    Below the list and on its page it is whole.
    """
    entry = HistoryEntry(at=NOW, kind="issued", target="workload/prod/sleep", actor=actor, text="", outcome="ok")
    (item,) = told([entry])
    assert actor_name(actor) == name
    assert actor in text(told_summary(item, NOW, 78, UNICODE))
    assert name in text(history_lines([entry], NOW, 138, UNICODE))
    assert f"actor       {actor}" in text(told_lines(item, [], NOW, 138, UNICODE))
    width = next(column.width for column in AUDIT.layout(120) if column.key == "actor")
    assert plain(AUDIT.cells(item, AUDIT.layout(120), NOW, UNICODE)[-1]).strip() == name[-width:]


@pytest.mark.parametrize("width", [78, 80])
@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        ("AuthorizationPolicy prod/httpbin", "prod/httpbin ap"),
        ("PeerAuthentication istio-system/default", "default pa"),
        ("AuthorizationPolicy prod/a, AuthorizationPolicy prod/b and 3 more", "prod/a ap +4"),
        ("AuthorizationPolicy prod/a, AuthorizationPolicy prod/b", "prod/a ap +1"),
        ("", "allows it"),
    ],
)
async def test_eighty_columns_say_which_policy_decided(mesh: FakeMesh, width: int, policy: str, shown: str) -> None:
    """Of pairs and of denied calls; the name before its kind."""
    traffic = await mesh.traffic(TrafficQuery(denied_only=True))
    pair, call = replace(traffic.pairs[0], policy=policy), replace(traffic.denied[0], policy=policy)
    for line in (
        joined(TRAFFIC.cells(pair, TRAFFIC.layout(width), NOW, UNICODE)),
        joined(DENIED.cells(call, DENIED.layout(width), NOW, UNICODE)),
    ):
        assert shown in plain(line)
        assert line_width(line) == width
    assert "GET /status/418" in plain(line)
