"""RequestAuthentications."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.manifest.policy_model import JwtHeader, JwtRule, RequestAuthentication
from tests.manifest.policy_writing import jwks, jwt_rule, keys, request_authentication
from tests.manifest.writing import problems, read


def rules(*given: dict[str, Any]) -> tuple[JwtRule, ...]:
    (found,) = read(request_authentication("a", *given))
    assert isinstance(found, RequestAuthentication)
    return found.rules


def test_a_rule_is_read() -> None:
    """Everything that is supported; the keys as those that are usable."""
    (found,) = rules(
        jwt_rule(
            jwks=jwks({**keys()["EC"], "x5t": "a"}, {"kty": "other"}),
            audiences=["a", "b"],
            fromHeaders=[{"name": "X-Token", "prefix": "Token "}, {"name": "y"}],
            fromParams=["token"],
            forwardOriginalToken=True,
        )
    )
    assert found == JwtRule(
        issuer="issuer.example.com",
        audiences=("a", "b"),
        jwks=json.dumps({"keys": [keys()["EC"]]}, separators=(",", ":")),
        from_headers=(JwtHeader(name="x-token", prefix="Token "), JwtHeader(name="y")),
        from_params=("token",),
        forward=True,
    )


def test_the_least_that_a_rule_has() -> None:
    """Issuer and keys; several rules stand beside each other, and none are no rules."""
    first, second = rules(jwt_rule("one"), jwt_rule("two"))
    assert (first.issuer, second.issuer) == ("one", "two")
    assert (first.audiences, first.from_headers, first.from_params, first.forward) == ((), (), (), False)
    assert rules() == ()


@pytest.mark.parametrize(
    "empty",
    [
        {"jwksUri": ""},
        {"fromCookies": []},
        {"outputPayloadToHeader": ""},
        {"outputClaimToHeaders": []},
        {"timeout": ""},
        {"spaceDelimitedClaims": []},
        {"forwardOriginalToken": False},
    ],
)
def test_what_is_set_to_nothing_is_nothing(empty: dict[str, Any]) -> None:
    """So that what a cluster shows can be applied."""
    assert rules(jwt_rule(**empty)) == rules(jwt_rule())


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"jwks": jwks()}, "issuer: required, and missing"),
        (jwt_rule(""), "issuer: must not be empty"),
        (jwt_rule("a\n"), "issuer: has characters that cannot be printed"),
        ({"issuer": "a"}, "jwks: required, and missing: this mesh fetches nothing"),
        ({"issuer": "a", "jwks": ""}, "jwks: required, and missing: this mesh fetches nothing"),
        (
            {"issuer": "a", "jwksUri": "https://a"},
            "jwksUri: valid elsewhere but not supported here: this mesh fetches nothing; put the keys into jwks",
        ),
        (jwt_rule(jwks_uri="https://a"), "jwks_uri: valid elsewhere but not supported here: this mesh fetches nothing"),
        (jwt_rule(jwks="secret-text"), "jwks: expected a JSON Web Key Set: this is no JSON (it is not shown)"),
        (jwt_rule(jwks={"keys": ["secret-text"]}), "jwks: expected a JSON Web Key Set as text (it is not shown)"),
        (jwt_rule(jwks=jwks({"kty": "oct", "k": "secret-text"})), "jwks: key 1 has k, which only its owner may have"),
        (jwt_rule(jwks=jwks({"kty": "RSA"})), "jwks: has no usable key: it takes public keys for signatures, of RSA"),
        (jwt_rule(audiences=[]), "audiences: must not be empty"),
        (jwt_rule(audiences=[""]), "audiences[0]: must not be empty"),
        (jwt_rule(fromHeaders=[]), "fromHeaders: must not be empty"),
        (jwt_rule(fromHeaders=[{}]), "fromHeaders[0].name: required, and missing"),
        (jwt_rule(fromHeaders=[{"name": "a b"}]), "fromHeaders[0].name: expected the name of a header"),
        (jwt_rule(fromHeaders=[{"name": "a", "prefix": "\n"}]), "fromHeaders[0].prefix: cannot be printed"),
        (jwt_rule(fromHeaders=["a"]), 'fromHeaders[0]: expected an object, found "a"'),
        (jwt_rule(fromParams=[]), "fromParams: must not be empty"),
        (jwt_rule(fromParams=["a=b"]), "fromParams[0]: expected the name of a parameter"),
        (jwt_rule(fromCookies=["a"]), "fromCookies: valid elsewhere but not supported here: use fromHeaders or"),
        (jwt_rule(outputPayloadToHeader="a"), "outputPayloadToHeader: valid elsewhere but not supported here"),
        (jwt_rule(outputClaimToHeaders=[{}]), "outputClaimToHeaders: valid elsewhere but not supported here"),
        (jwt_rule(spaceDelimitedClaims=["a"]), "spaceDelimitedClaims: valid elsewhere but not supported here"),
        (jwt_rule(timeout="5s"), "timeout: valid elsewhere but not supported here: this mesh fetches nothing"),
        (jwt_rule(forwardOriginalToken="yes"), "forwardOriginalToken: expected true or false"),
        (jwt_rule(isuer="a"), "isuer: unknown field; did you mean issuer?"),
    ],
)
def test_what_is_refused(rule: dict[str, Any], reason: str) -> None:
    """One problem each, with its path, and never with what may be a key."""
    (problem,) = problems(request_authentication("a", rule))
    assert problem.removeprefix("spec.jwtRules[0].").startswith(reason)
    assert "secret-text" not in problem
