"""What policies are written with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meshtui.manifest import policy_texts as texts

TAKEN: tuple[tuple[Callable[[str], str], tuple[str, ...]], ...] = (
    (texts.pattern_problem, ("a", "a b", "*", "a*", "*a", "*.example.com", "é")),
    (texts.principal_problem, ("cluster.local/ns/a/sa/b", "*", "cluster.local/ns/a/*", "*/sa/b")),
    (texts.namespace_problem, ("prod", "*", "prod-*", "*-prod", "a*b")),
    (texts.account_problem, ("sleep", "prod/sleep", "a.b")),
    (
        texts.address_problem,
        ("10.0.0.1", "10.0.0.0/8", "10.0.0.1/8", "::1", "fd00::/8", "0.0.0.0/0", "::/0", "0.0.0.0"),
    ),
    (texts.port_problem, ("1", "80", "65535")),
    (texts.host_match_problem, ("a.example.com", "A.example.com", "*.example.com", "a.*", "*", "a:8080")),
    (texts.method_match_problem, ("GET", "*", "P*", "*T", "M-SEARCH")),
    (
        texts.path_match_problem,
        (
            "/",
            "/a",
            "/a*",
            "*a",
            "*",
            "/a/{*}",
            "/a/{*}/b",
            "/{**}",
            "/a/{**}",
            "/a/{**}/b.c",
            "/{*}/{*}/{**}",
            "/{*}/",
        ),
    ),
)
REFUSED: tuple[tuple[Callable[[str], str], tuple[str, ...], str], ...] = (
    (texts.pattern_problem, ("",), "must not be empty"),
    (texts.pattern_problem, ("a*b", "*a*", "**", "a**", "*a*b"), "* may only stand at one end"),
    (texts.pattern_problem, ("a\n", "\x1b[2J", "\x00", "\ud800"), "has characters that cannot be printed"),
    (texts.pattern_problem, ("a" * 2049,), "longer than 2048 characters"),
    (texts.principal_problem, ("spiffe://cluster.local/ns/a/sa/b", "spiffe://*"), "is written without spiffe://"),
    (texts.principal_problem, ("a b",), "has a space"),
    (texts.principal_problem, ("cluster.local/ns/*/sa/b",), "* may only stand at one end"),
    (texts.namespace_problem, ("", "Prod", "a/b", "a" * 64, "prod.x", "-"), "expected a namespace"),
    (texts.account_problem, ("", "*", "prod/*", "a/b/c", "/a", "a/", "A"), "expected a service account"),
    (
        texts.address_problem,
        ("", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "fe80::1%eth0", "a", "10.0.0.0/", "1", "/8", "10.*"),
        "expected an IP address or a CIDR block",
    ),
    (texts.port_problem, ("", "0", "65536", "08", "http", "-1", "1.5", "８０", "1" * 5000), "expected a port number"),
    (texts.host_match_problem, ("a/b", "https://a"), "expected a host name without a path"),
    (texts.host_match_problem, ("a b",), "has a space"),
    (texts.host_match_problem, ("a.*.b",), "* may only stand at one end"),
    (texts.method_match_problem, ("G T", "GET,PUT", "/"), "expected an HTTP method"),
    (texts.method_match_problem, ("G*T",), "* may only stand at one end"),
    (texts.path_match_problem, ("/a/*/b", "/a*b"), "* may only stand at one end"),
    (texts.path_match_problem, ("/a b",), "has a space"),
    (texts.path_match_problem, ("a/{*}", "{**}"), "a path template starts with /"),
    (
        texts.path_match_problem,
        ("/a{*}", "/{*}a", "/{a}", "/{", "/}", "/{***}", "/a/{**}b"),
        "{*} and {**} stand for whole",
    ),
    (texts.path_match_problem, ("/{**}/{*}", "/{**}/{**}"), "{**} is the last template of a path"),
    (texts.path_match_problem, ("/a*/{*}", "/{*}/*"), "has both a template and a *"),
    (texts.path_match_problem, ("/a//{*}", "/a?b/{*}", "/a b/{*}"), "has a segment that no path can have"),
    (texts.path_match_problem, ("/a/{*}\n",), "has characters that cannot be printed"),
)


@pytest.mark.parametrize(("check", "text"), [(check, text) for check, given in TAKEN for text in given])
def test_what_is_taken(check: Callable[[str], str], text: str) -> None:
    """There is no reason against it."""
    assert check(text) == ""


@pytest.mark.parametrize(
    ("check", "text", "reason"), [(check, text, reason) for check, given, reason in REFUSED for text in given]
)
def test_what_is_refused(check: Callable[[str], str], text: str, reason: str) -> None:
    """With the reason."""
    assert check(text).startswith(reason)


def test_service_accounts_are_completed() -> None:
    """With a namespace, where they have none."""
    assert [texts.in_namespace(each, "prod") for each in ("a", "other/a")] == ["prod/a", "other/a"]
