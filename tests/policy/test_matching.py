"""Texts of policies beside attributes of requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.policy import matching

_TEXTS = st.text(alphabet="ab*/", max_size=6)


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("/get", ("/get",), ("/get/", "/ge", "/GET", "")),
        ("/get*", ("/get", "/get/1"), ("/ge", "x/get")),
        ("*/get", ("/get", "/a/get"), ("/get/",)),
        ("*", ("x",), ("",)),
        ("**", ("a*",), ("a",)),
        ("*a*", ("xa*",), ("xab",)),
    ],
)
def test_exact_prefix_suffix_and_presence(pattern: str, fits: tuple[str, ...], fits_not: tuple[str, ...]) -> None:
    """An asterisk at the beginning means a suffix, one at the end a prefix, alone that something is there."""
    assert [True] * len(fits) == [matching.text_matches(pattern, text) for text in fits]
    assert [False] * len(fits_not) == [matching.text_matches(pattern, text) for text in fits_not]


@given(_TEXTS.filter(lambda text: text and not text.startswith("*") and not text.endswith("*")), _TEXTS, _TEXTS)
def test_a_prefix_fits_what_begins_with_it_and_a_suffix_what_ends_with_it(text: str, before: str, after: str) -> None:
    """Whatever stands before or behind."""
    assert matching.text_matches(f"{text}*", text + after)
    assert matching.text_matches(f"*{text}", before + text)
    assert matching.text_matches(text, text)


def test_case_counts_unless_it_is_a_host() -> None:
    """Hosts are compared as DNS names are."""
    assert not matching.text_matches("*.Example.com", "a.example.com")
    assert matching.text_matches("*.Example.com", "a.eXample.com", ignore_case=True)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("cluster.local/ns/prod/sa/sleep", True),
        ("mesh.example/ns/prod/sa/sleep", True),
        ("other.example/ns/prod/sa/sleep", False),
        ("mesh.example/ns/prod/*", True),
        ("cluster.local/ns/prod/sa/*", True),
        ("cluster.local/ns/prod/*", True),
        ("*/sa/sleep", True),
        ("*/sa/lee*", False),
        ("*", True),
        ("spiffe://mesh.example/ns/prod/sa/sleep", False),
    ],
)
def test_principals_are_written_without_their_scheme(pattern: str, expected: bool) -> None:
    """And `cluster.local` is the mesh's own trust domain, whatever that is called."""
    name = "spiffe://mesh.example/ns/prod/sa/sleep"
    assert expected == matching.principal_matches(pattern, name, "mesh.example")


def test_a_caller_without_a_certificate_has_no_principal() -> None:
    """Not even one that a presence match finds."""
    assert not matching.principal_matches("*", "", "mesh.example")
    assert not matching.namespace_matches("*", "")
    assert not matching.service_account_matches("prod/sleep", "")


@pytest.mark.parametrize(
    ("pattern", "expected"), [("prod", True), ("pro", False), ("pr*", True), ("*d", True), ("*", True), ("p*x", False)]
)
def test_namespaces_are_found_in_the_principal(pattern: str, expected: bool) -> None:
    """Whole, or with asterisks anywhere."""
    assert expected == matching.namespace_matches(pattern, "spiffe://mesh.example/ns/prod/sa/sleep")


@pytest.mark.parametrize(
    ("pattern", "expected"), [("prod/sleep", True), ("prod/slee", False), ("dev/sleep", False), ("prod/s.eep", False)]
)
def test_service_accounts_are_compared_whole(pattern: str, expected: bool) -> None:
    """In any trust domain, and never as regular expressions."""
    assert expected == matching.service_account_matches(pattern, "spiffe://other.example/ns/prod/sa/sleep")


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("/status/{*}", ("/status/418",), ("/status/", "/status/4/1", "/status")),
        ("/a/{**}", ("/a/", "/a/b/c"), ("/a", "/b/")),
        ("/a/{*}/b", ("/a/x.y/b",), ("/a/b", "/a/x/y/b", "/a/x/b/")),
        ("/a.b/{*}", ("/a.b/c",), ("/aXb/c",)),
    ],
)
def test_path_templates(pattern: str, fits: tuple[str, ...], fits_not: tuple[str, ...]) -> None:
    """`{*}` is one whole segment that is not empty, `{**}` anything."""
    assert [True] * len(fits) == [matching.path_matches(pattern, path) for path in fits]
    assert [False] * len(fits_not) == [matching.path_matches(pattern, path) for path in fits_not]


@pytest.mark.parametrize(
    ("block", "address", "expected"),
    [
        ("10.1.0.0/16", "10.1.2.3", True),
        ("10.1.2.3/16", "10.1.9.9", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.4", False),
        ("fd00::/8", "fd12::1", True),
        ("0.0.0.0/0", "::1", False),
        ("0.0.0.0/0", "", False),
    ],
)
def test_addresses_are_in_blocks(block: str, address: str, expected: bool) -> None:
    """A connection without an IP address is in none."""
    assert expected == matching.address_matches(block, address)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("https://issuer.example/a/mia", True),
        ("https://issuer.example/a/*", True),
        ("https://issuer.example/*", False),
        ("https://*", False),
        ("*/mia", True),
        ("*.example/a/mia", True),
        ("*ia", True),
        ("*", True),
        ("https://issuer.example/a", False),
    ],
)
def test_request_principals_are_split_at_their_last_slash(pattern: str, expected: bool) -> None:
    """Issuers are often URLs; each half is compared on its own, as Istio has Envoy do it."""
    claims = {"iss": "https://issuer.example/a", "sub": "mia"}
    assert expected == matching.request_principal_matches(pattern, claims)


def test_claims_are_texts_or_lists_of_texts() -> None:
    """Also deep in others; a scope is a list that is written as one text."""
    claims = {"aud": "a", "groups": ["b", 3, "c"], "realm": {"roles": ["d"]}, "scope": "read  write", "level": 4}
    assert matching.claim_texts(claims, ("aud",)) == ("a",)
    assert matching.claim_texts(claims, ("groups",)) == ("b", "c")
    assert matching.claim_texts(claims, ("realm", "roles")) == ("d",)
    assert matching.claim_texts(claims, ("scope",)) == ("read", "write")
    assert matching.claim_texts(claims, ("level",)) == ()
    assert matching.claim_texts(claims, ("aud", "deeper")) == ()
    assert matching.claim_texts(None, ("aud",)) == ()
