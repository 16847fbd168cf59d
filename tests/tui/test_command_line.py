"""Commands are read as fingers know them; no text is an error, and completion only ever adds to it."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.mesh.filter import Filter
from meshtui.mesh.rows import Sort
from meshtui.tui.command_completion import completed, completions, sought, usage
from meshtui.tui.command_line import (
    Act,
    Apply,
    Command,
    Do,
    Explain,
    Go,
    InNamespace,
    Known,
    SortBy,
    Wear,
    Wrong,
    in_namespace,
    parse,
)
from meshtui.tui.places import Place

TARGETS = ("workload/prod/reviews", "workload/payments/ledger", "gateway/istio-system/shop", "authority/root")
KNOWN = Known(("late-prod",), lambda: TARGETS)

texts = st.text() | st.text(':/!" wlgaupoltrns=<>*-0\x1b[]\u202e', max_size=40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wl", Go(Place.WORKLOADS)),
        ("wl prod", Go(Place.WORKLOADS, "ns=prod")),
        (":wl prod", Go(Place.WORKLOADS, "ns=prod")),
        ("WL prod", Go(Place.WORKLOADS, "ns=prod")),
        ("wl pay*", Go(Place.WORKLOADS, "ns=pay*")),
        ("wl all", Go(Place.WORKLOADS)),
        ("wl prod /reviews", Go(Place.WORKLOADS, "ns=prod reviews")),
        ("wl prod reviews", Go(Place.WORKLOADS, "ns=prod reviews")),
        ("wl left<24h", Go(Place.WORKLOADS, "left<24h")),
        ("gw /expired", Go(Place.GATEWAYS, "expired")),
        ("gw/expired", Go(Place.GATEWAYS, "expired")),
        ("id", Go(Place.IDENTITIES)),
        ("au", Go(Place.AUTHORITIES)),
        ("pol prod", Go(Place.POLICIES, "prod")),
        ("tr", Go(Place.TRAFFIC)),
        ("audit /refused", Go(Place.AUDIT, "refused")),
        ("fi", Go(Place.FINDINGS)),
        ("ov", Go(Place.OVERVIEW)),
        ("q", Do("quit")),
        ("quit", Do("quit")),
        ("q!", Do("quit")),
        ("help", Do("help")),
        ("trouble", Do("only-trouble")),
        ("ns prod", InNamespace("prod")),
        ("ns", InNamespace("")),
        ("ns all", InNamespace("")),
        ("explain plaintext prod/reviews", Explain("plaintext", "workload/prod/reviews")),
        ("explain spiffe://a/ns/b/sa/c workload/prod/x", Explain("spiffe://a/ns/b/sa/c", "workload/prod/x")),
        ("verify gateway/istio-system/shop", Act("verify", "gateway/istio-system/shop")),
        ("open authority/root", Act("open", "authority/root")),
        ("rotate prod/reviews", Act("rotate", "workload/prod/reviews")),
        ("ROTATE workload/prod/reviews", Act("rotate", "workload/prod/reviews")),
        ("issue gateway/istio-system/shop", Act("issue", "gateway/istio-system/shop")),
        ("undo gateway/istio-system/shop", Act("undo", "gateway/istio-system/shop")),
        ("fix spiffe://a/ns/b/sa/c", Act("fix", "spiffe://a/ns/b/sa/c")),
        ("sort -state", SortBy(Sort.STATE, descending=True)),
        ("theme colorblind-dark", Wear("colorblind-dark")),
        ("colors auto", Wear("auto")),
        ("sort left", SortBy(Sort.EXPIRY, descending=False)),
        ("late-prod", Apply("late-prod")),
    ],
)
def test_what_is_typed_is_understood(text: str, expected: Command) -> None:
    """The grammar that is known from elsewhere, and ours."""
    assert parse(text, KNOWN) == expected


@pytest.mark.parametrize("text", ["", "  ", ":", " : "])
def test_nothing_is_no_command(text: str) -> None:
    """Enter on an empty line closes it."""
    assert parse(text, KNOWN) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("wrokloads", "There is no command 'wrokloads'. Did you mean :workloads?"),
        ("gatway", "Did you mean :gateways?"),
        ("late-prd", "Did you mean :late-prod?"),
        ("xyzzy", "There is no command 'xyzzy'. :help shows what there is."),
        ("verify", ":verify needs one target: workload/NAMESPACE/NAME"),
        ("verify reviews", "'reviews' is not a target."),
        ("explain workload/a/b", ":explain needs a source"),
        ("explain x workload/a/b", "'x' is not a target."),
        ("rotate", ":rotate needs one target: workload/NAMESPACE/NAME"),
        ("rotate workload/a/b workload/a/c", ":rotate needs one target"),
        ("rotat workload/a/b", "Did you mean :rotate?"),
        ("sort size", "'size' is no order. There are: left"),
        ("sort", "'' is no order."),
        ("theme", "'' is no theme. There are: auto, dark, light,"),
        ("theme pink", "'pink' is no theme."),
    ],
)
def test_what_is_not_understood_is_answered(text: str, words: str) -> None:
    """With the nearest command, or what is missing."""
    command = parse(text, KNOWN)
    assert isinstance(command, Wrong)
    assert words in command.text


@given(texts)
def test_any_text_is_survived(text: str) -> None:
    """Read, completed and explained, nothing is raised; a filter that comes of it is one."""
    command = parse(text, KNOWN)
    if isinstance(command, Go):
        assert Filter.parse(command.filter) is not None
    assert isinstance(usage(text, KNOWN), str)
    assert Filter.parse(sought(text)) is not None
    for longer in islice(completions(text, KNOWN), 20):
        assert longer.startswith(text)
        assert len(longer) > len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w", "workloads"),
        ("gate", "gateways"),
        ("la", "late-prod"),
        ("wl pr", "wl prod"),
        ("wl pay", "wl payments"),
        ("ns is", "ns istio-system"),
        ("wl prod x", ""),
        ("wl /pr", ""),
        ("pol pr", ""),
        ("verify workload/pr", "verify workload/prod/reviews"),
        ("explain pl", "explain plaintext"),
        ("explain plaintext gat", "explain plaintext gateway/istio-system/shop"),
        ("sort -st", "sort -state"),
        ("theme l", "theme light"),
        ("theme colorblind-l", "theme colorblind-light"),
        ("workloads", ""),
        ("zz", ""),
        ("zz w", ""),
        ("rotate workload/pr", "rotate workload/prod/reviews"),
        ("rotate pay", "rotate payments/ledger"),
        ("undo gate", "undo gateway/istio-system/shop"),
        ("fix workload/prod/reviews w", ""),
    ],
)
def test_what_is_begun_is_completed(text: str, expected: str) -> None:
    """Commands, saved filters, namespaces, targets and orders, each where it can stand."""
    assert completed(text, KNOWN) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rotate workload/prod/r", '"workload/prod/r"'),
        ("verify prod/r", 'kind:workload "prod/r"'),
        ("fix gate", "kind:gate"),
        ("open pay", "kind:workload ns:pay"),
        ("explain plaintext prod/", 'kind:workload "prod/"'),
        ("wl pr", "ns:pr"),
        ("ns pr", "ns:pr"),
        ("rotate", ""),
        ("rotate ", ""),
        ("rotate a b", ""),
        ("wl /pr", ""),
        ("sort st", ""),
        ("pol pr", ""),
        ('rotate "a', ""),
        ("rotate workload/*", ""),
    ],
)
def test_what_is_not_at_hand_is_sought_by_a_filter(text: str, expected: str) -> None:
    """Where a target or a namespace is being typed, and nowhere else; what finds it is understood as a filter."""
    assert sought(text) == expected
    assert not Filter.parse(sought(text)).problem


def test_what_a_command_wants_is_said_while_it_is_typed() -> None:
    """Its arguments; that there is none, as soon as that is so; nothing while it is begun."""
    assert usage("explain", KNOWN) == "explain: SOURCE DESTINATION"
    assert usage("wl ", KNOWN) == "workloads: NAMESPACE, /FILTER"
    assert usage("wrk", KNOWN).startswith("There is no command 'wrk'.")
    assert usage("wor", KNOWN) == ""
    assert "wl" in usage("", KNOWN)


@pytest.mark.parametrize(
    ("text", "namespace", "expected"),
    [
        ("", "prod", "ns=prod"),
        ("left<24h ns:pay* !ns=x", "prod", "ns=prod left<24h"),
        ("ns=prod refused", "", "refused"),
        ('"of ns:x" y', "prod", 'ns=prod "of ns:x" y'),
    ],
)
def test_a_namespace_takes_the_place_of_another(text: str, namespace: str, expected: str) -> None:
    """The rest of the filter stays, quoted words too."""
    assert in_namespace(text, namespace) == expected
