"""What is asked of a certificate, as options and as a question whether it can be asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshtui.mesh.actions import NO_TERMS, Brought, Terms
from meshtui.mesh.terms import options_of, problem_with

BROUGHT = Brought(certificate="c", private_key="THE KEY", files=("a.pem", "a.key", "ca.pem"))


@pytest.mark.parametrize(
    ("terms", "options"),
    [
        (NO_TERMS, ""),
        (Terms(hosts=("a", "b"), issuer="example.com"), "--host a --host b --issuer example.com"),
        (Terms(issuer="mesh/ca", lifetime=timedelta(days=90)), "--mesh-ca --lifetime 90d"),
        (Terms(key_kind="RSA 2048", lifetime=timedelta(minutes=90)), "--key-kind RSA 2048 --lifetime 90m"),
        (Terms(brought=BROUGHT), "--cert a.pem --key a.key --ca ca.pem"),
    ],
)
def test_terms_as_a_command_line_says_them(terms: Terms, options: str) -> None:
    """What a plan prints can be typed."""
    assert " ".join(options_of(terms)) == options


@pytest.mark.parametrize(
    ("targets", "terms", "words"),
    [
        (("workload/a/b", "gateway/a/b"), NO_TERMS, ""),
        (("gateway/a/b", "gateway/a/c"), Terms(key_kind="RSA 2048"), ""),
        (("gateway/a/b",), Terms(brought=BROUGHT, hosts=("a",)), ""),
        (("gateway/a/b", "workload/a/b"), Terms(issuer="x"), "workload/a/b is not a gateway certificate: --issuer"),
        (("spiffe://a/b",), Terms(hosts=("x",)), "is not a gateway certificate: --host"),
        (("gateway/a/b", "gateway/a/c"), Terms(hosts=("x",)), "--host say what one certificate is to be; 2 targets"),
        (("gateway/a/b", "gateway/a/c"), Terms(brought=BROUGHT), "--cert --key --ca say what one certificate is to be"),
        (("gateway/a/b",), Terms(brought=BROUGHT, issuer="x"), "has its issuer, key and lifetime already"),
    ],
)
def test_terms_are_for_gateways(targets: tuple[str, ...], terms: Terms, words: str) -> None:
    """Names and files for one at a time."""
    problem = problem_with(targets, terms)
    assert words in problem
    assert bool(words) == bool(problem)


def test_a_private_key_is_shown_by_nothing() -> None:
    """Not even by what holds what holds it."""
    assert "THE KEY" not in repr(Terms(brought=BROUGHT))
