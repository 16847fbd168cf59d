"""SPIFFE IDs are taken as they stand, or not at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.errors import IdentityError
from meshtui.identity.spiffe import SpiffeId, check_trust_domain

_RULE = re.compile(r"spiffe://[a-z0-9._-]{1,255}(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9._-]+)+", re.ASCII)
_CHARACTERS = st.sampled_from("abzAZ019./-_:@%?#\\ é\x00\n")


def test_a_service_account_has_istios_form() -> None:
    """An ID made from a service account reads back as the same one, with its parts."""
    made = SpiffeId.for_service_account("cluster.local", "prod", "httpbin")
    assert str(made) == "spiffe://cluster.local/ns/prod/sa/httpbin"
    assert SpiffeId.parse(str(made)) == made
    assert (made.namespace, made.service_account) == ("prod", "httpbin")


def test_other_forms_have_no_service_account() -> None:
    """A path of another form is a good ID without namespace and service account."""
    other = SpiffeId.parse("spiffe://example.org/db/ns/prod/sa/x")
    assert (other.namespace, other.service_account) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://cluster.local/ns/a/sa/b",
        "SPIFFE://cluster.local/a",
        "spiffe://",
        "spiffe:///a",
        "spiffe://cluster.local",
        "spiffe://cluster.local/",
        "spiffe://Cluster.local/a",
        "spiffe://cluster.local:8443/a",
        "spiffe://user@cluster.local/a",
        "spiffe://cluster.local/a/",
        "spiffe://cluster.local//a",
        "spiffe://cluster.local/./a",
        "spiffe://cluster.local/../a",
        "spiffe://cluster.local/%2e/a",
        "spiffe://cluster.local/a?b=c",
        "spiffe://cluster.local/a#b",
        "spiffe://cluster.local/a b",
        "spiffe://cluster.local/a\n",
        "spiffe://cluster.local/a\x00b",
        "spiffe://cluster.lοcal/a",
        f"spiffe://{'a' * 256}/a",
        "spiffe://cluster.local/" + "a" * 2048,
    ],
)
def test_what_is_not_exactly_an_id_is_rejected(text: str) -> None:
    """Nothing is normalised into an ID."""
    with pytest.raises(IdentityError):
        SpiffeId.parse(text)


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "a,b", "a%2f", "*"])
def test_a_name_cannot_add_to_the_path(part: str) -> None:
    """A namespace or service account is one segment of the path and no more."""
    with pytest.raises(IdentityError):
        SpiffeId.for_service_account("cluster.local", part, "x")
    with pytest.raises(IdentityError):
        SpiffeId.for_service_account("cluster.local", "x", part)


@given(st.text(_CHARACTERS, max_size=40).map("spiffe://".__add__) | st.text(max_size=60))
def test_the_rule_decides(text: str) -> None:
    """Whatever the text, it is accepted exactly when it fits the standard's grammar, and comes back unchanged."""
    try:
        accepted = str(SpiffeId.parse(text))
    except IdentityError:
        accepted = ""
    assert accepted == (text if _RULE.fullmatch(text) else "")


def test_a_trust_domain_is_checked_alone() -> None:
    """A trust domain from the command line meets the same rule."""
    assert check_trust_domain("cluster.local") == "cluster.local"
    with pytest.raises(IdentityError):
        check_trust_domain("Cluster.local")
