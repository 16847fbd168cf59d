"""Tokens in requests, and several issuers beside each other."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import JwtHeader
from meshtui.policy.model import AccessRequest
from meshtui.policy.request_authentication import authenticate, locate
from tests.policy.tokens import NOW, SECONDS, Issuer

ONE = Issuer()
TWO = Issuer(name="https://two.example", kid="second")


def bearing(token: str) -> AccessRequest:
    return AccessRequest(headers={"authorization": f"Bearer {token}"})


def test_without_a_token_a_request_passes() -> None:
    """That one is there, an AuthorizationPolicy asks."""
    found = authenticate([ONE.policy()], AccessRequest(), NOW)
    assert (found.passes, found.claims, found.policy) == (True, None, None)


def test_a_valid_token_brings_its_claims() -> None:
    """And the policy that vouches for it."""
    found = authenticate([ONE.policy()], bearing(ONE.token()), NOW)
    assert found.passes
    assert found.claims is not None
    assert (ONE.policy().key, "mia") == (found.policy, found.claims["sub"])


@pytest.mark.parametrize(
    ("claims", "status"), [({"exp": SECONDS - 100}, 401), ({"iss": "x"}, 401), ({"aud": "x"}, 403)]
)
def test_a_token_that_is_not_valid_is_refused(claims: dict[str, Any], status: int) -> None:
    """With 401, or with 403 where it is meant for others."""
    found = authenticate([ONE.policy(audiences=("api",))], bearing(ONE.token(**{"aud": "api", **claims})), NOW)
    assert (status, None, ONE.policy().key) == (found.status, found.claims, found.policy)
    assert found.reason.startswith("RequestAuthentication prod/jwt finds the token not valid: it")


def test_several_issuers_are_alternatives() -> None:
    """In one policy or in several; a token of neither is refused."""
    both = [ONE.policy("a"), TWO.policy("b")]
    assert [authenticate(both, bearing(issuer.token()), NOW).passes for issuer in (ONE, TWO)] == [True, True]
    assert authenticate(both, AccessRequest(), NOW).passes
    assert authenticate(both, bearing(Issuer(name="three").token()), NOW).status == 401
    expired = authenticate(both, bearing(TWO.token(exp=1)), NOW)
    assert (401, both[1].key) == (expired.status, expired.policy)


def test_where_tokens_are_looked_for() -> None:
    """By default behind `Bearer ` and in `access_token`; elsewhere only where a rule says so."""
    request = AccessRequest(
        headers={"authorization": "Bearer a", "x-token": "b", "cookie": "c"}, query="x=1&access_token=d%2Ee&token=f"
    )
    assert locate(ONE.rule(), request) == ("a", "d.e")
    assert locate(ONE.rule(from_headers=(JwtHeader(name="X-Token"),)), request) == ("b",)
    assert locate(ONE.rule(from_params=("token", "none")), request) == ("f",)
    assert locate(ONE.rule(from_headers=(JwtHeader(name="authorization", prefix="Token "),)), request) == ()


@pytest.mark.parametrize(
    ("value", "found"),
    [("Bearer a.b", ("a.b",)), ("Basic a.b", ()), ("Bearer   a.b", ("a.b",)), ("Bearer ", ("Bearer ",)), ("", ())],
)
def test_what_stands_behind_the_prefix(value: str, found: tuple[str, ...]) -> None:
    """Another scheme is no token; a prefix with nothing behind it is one, and never valid."""
    assert found == locate(ONE.rule(), AccessRequest(headers={"authorization": value}))


def test_every_token_that_an_issuer_finds_must_be_valid() -> None:
    """A workload could take the wrong one for the one that was checked."""
    twice = AccessRequest(headers={"authorization": f"Bearer {ONE.token()}"}, query=f"access_token={ONE.token(exp=1)}")
    assert authenticate([ONE.policy()], twice, NOW).status == 401


def test_a_token_beside_another_issuers_place_is_not_looked_at() -> None:
    """The one valid token is enough."""
    policies = [ONE.policy("a", from_params=("one",)), TWO.policy("b")]
    request = AccessRequest(headers={"authorization": f"Bearer {TWO.token()}"}, query="one=rubbish")
    assert authenticate(policies, request, NOW).passes
    only_rubbish = AccessRequest(query="one=rubbish")
    assert authenticate(policies, only_rubbish, NOW).status == 401
