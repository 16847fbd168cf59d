"""What a filter lets through, and what it says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.mesh.fake import demo_rows
from meshtui.mesh.filter import Filter
from meshtui.mesh.filter_fields import glob
from meshtui.mesh.filters.certificates import CERTIFICATES, text_of
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.trouble import in_trouble

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = demo_rows(NOW)
TERMS = [
    "prod",
    "ns:p",
    "ns:pay*",
    "ns=prod",
    "state:overdue",
    "state:due",
    "is:trouble",
    "is:disagreement",
    "issuer:inter",
    "sa:reviews",
    "kind:workload",
    "host:example",
    "serial:0",
    "left<24h",
    "left>=10%",
    "age<=1h",
    "due<0",
    'error:"did not answer"',
    '"the ca"',
]
MARKS = ["!", '"', ":", "<", "<=", ">", "=", "%", "*", " ", "1", "24h", "9" * 400, "\0", "é", "a"]

terms = st.sampled_from(TERMS)
typed = st.lists(st.sampled_from([*TERMS, *CERTIFICATES.fields, *MARKS]), max_size=8).map("".join) | st.text(
    max_size=20
)


def found(text: str, rows: tuple[Row, ...] = ROWS) -> set[str]:
    match = Filter.parse(text).at(NOW)
    return {row.target for row in rows if match.match(row)}


ALL = found("")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ns:pay*", {"workload/payments/ledger", "workload/payments/checkout"}),
        ("ns:batch", {"workload/batch/loader"}),
        ("name=httpbin", {"workload/prod/httpbin"}),
        ("name:HTTPBIN kind:gate", {"gateway/istio-system/httpbin-credential"}),
        ("kind=authority left<10d", {"authority/intermediate-2"}),
        ("state:overdue ns:prod", {"workload/prod/reviews-v2", "workload/prod/ratings-v1"}),
        ("is:disagreement kind:gateway", {"gateway/istio-system/shop-credential"}),
        ("sa=sleep", {"workload/prod/sleep"}),
        ("host:v2.api", {"gateway/istio-system/api-credential"}),
        ("host=api.example.com", {"gateway/istio-system/api-credential"}),
        ("issuer:example !host:api !host:shop kind:gateway", {"gateway/istio-system/httpbin-credential"}),
        ('error:"did not answer"', {"workload/prod/reviews-v2"}),
        ("left<0", {"workload/payments/ledger"}),
        ("left>5m left<=38m", {"workload/prod/reviews-v3", "gateway/istio-system/shop-credential"}),
        ("left<11% left>0", {"authority/intermediate-2"}),
        ("age<2m", {"workload/prod/httpbin"}),
        ("age>99%", {"workload/payments/ledger"}),
        ("due<0 kind:gateway", {"gateway/istio-system/shop-credential", "gateway/istio-system/api-credential"}),
    ],
)
def test_fields_ask_for_one_thing(text: str, expected: set[str]) -> None:
    """A field looks at its own text or time: from its beginning, or the whole with `=` or `*`."""
    assert expected == found(text)


def test_a_serial_is_found_by_its_beginning_held_or_served() -> None:
    """A serial that Envoy still serves finds the row that holds another one."""
    row = next(row for row in ROWS if row.served_serial not in ("", row.serial))
    assert {row.target} == found(f"serial:{row.served_serial[:12]}")
    assert {row.target} == found(f"serial={row.serial.upper()}")
    assert set() == found(f"serial={row.serial[:12]}")


@settings(deadline=None)
@given(st.lists(terms, max_size=4), st.lists(terms, max_size=4))
def test_a_space_is_and(one: list[str], other: list[str]) -> None:
    """Terms beside each other let through what each of them does, in any order and however often they are said."""
    assert found(" ".join([*one, *other])) == found(" ".join(one)) & found(" ".join(other))
    assert found("  ".join([*other, *one, *one])) == found(" ".join([*one, *other]))


@settings(deadline=None)
@given(terms)
def test_an_exclamation_mark_is_not(term: str) -> None:
    """A negated term lets through exactly what the term does not, rows without such a field included."""
    assert found(f"!{term}") == ALL - found(term)


@settings(deadline=None)
@given(typed)
def test_any_text_is_a_filter(text: str) -> None:
    """Whatever is typed can be asked of every row, alone and among others, with the same answer."""
    match = Filter.parse(text).at(NOW)
    texts = [text_of(row) for row in ROWS]
    assert [row for row in ROWS if match.match(row)] == [ROWS[n] for n in match.narrow(range(len(ROWS)), ROWS, texts)]
    assert bool(match) or found(text) == ALL


@pytest.mark.parametrize(
    "text",
    ["!", "left<", "left<24", "left>=10", "!left<", "ns:", "ns:prod left<", "age<abc", "left:24h", "ns<3", "due<10%"],
)
def test_what_is_unfinished_waits(text: str) -> None:
    """Half a comparison hides no row, and what is missing is said, but for a lone `!`."""
    assert found(text) == found("ns:prod" if "prod" in text else "")
    assert bool(Filter.parse(text).problem) == (text != "!")


@pytest.mark.parametrize("text", ["spiffe://cluster.local", "localhost:8080", "left", "x<y", "a:b", '"ns:prod"'])
def test_what_is_no_field_is_a_word(text: str) -> None:
    """A word with a colon is sought as it stands, and so is a field in quotes."""
    row = replace(ROWS[0], last_error=f"see {text.strip(chr(34))} there")
    assert {row.target} <= found(text, (row,))
    assert not Filter.parse(text).problem


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("satte:overdue", "did you mean state?"),
        ("state:sleepy", "fresh, due, rotating, overdue, failed, expired, unknown"),
        ("left<10", "a number with s, m, h or d"),
        ("left<101%", "'101%' is not a share"),
        ('a "b', "not closed"),
    ],
)
def test_the_problem_of_a_filter_is_a_sentence(text: str, part: str) -> None:
    """What is odd is said in words that help to mend it."""
    assert part in Filter.parse(text).problem


def test_a_value_that_cannot_be_finds_nothing() -> None:
    """A state that there is not hides every row rather than none: nobody acts on more than they asked for."""
    assert set() == found("state:sleepy")


def test_trouble_is_what_needs_eyes() -> None:
    """Expired, failed, overdue, unknown, at risk, disagreeing or unasked rows are in trouble; those at work are not."""
    well = next(row for row in ROWS if row.target == "workload/prod/httpbin")
    assert not in_trouble(well)
    assert not in_trouble(replace(well, state=RotationState.ROTATING, disagreement="issued≠held"))
    for change in ({"at_risk": True}, {"disagreement": "held≠served"}, {"last_error": "No."}):
        assert in_trouble(replace(well, **change))
    states = {RotationState.EXPIRED, RotationState.FAILED, RotationState.OVERDUE, RotationState.UNKNOWN}
    assert states == {state for state in RotationState if in_trouble(replace(well, state=state))}
    assert {row.target for row in ROWS if in_trouble(row)} == found("is:trouble")


def test_only_filters_about_time_depend_on_it() -> None:
    """A filter says whether its rows change by the clock alone."""
    assert Filter.parse("prod !left<24h").timed
    assert not Filter.parse("left ns:prod state:due left<").timed
    later = Filter.parse("left<1h").at(NOW + timedelta(days=9999))
    assert {row.target for row in ROWS if row.not_after} == {row.target for row in ROWS if later.match(row)}


@settings(deadline=None)
@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_a_star_stands_for_anything(pattern: str, text: str) -> None:
    """A pattern is like the texts that can be made of it by putting something, or nothing, for each star."""

    def made(parts: str, rest: str) -> bool:
        if not parts:
            return not rest
        if parts[0] == "*":
            return any(made(parts[1:], rest[at:]) for at in range(len(rest) + 1))
        return rest.startswith(parts[0]) and made(parts[1:], rest[1:])

    assert (bool(text) and made(pattern, text)) == glob(pattern)(text) or not text
