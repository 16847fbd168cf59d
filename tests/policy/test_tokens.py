"""Tokens of end users beside what one issuer asks of them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from meshtui.policy.tokens import TOLERANCE, Standing, check_token
from tests.policy.tokens import NOW, SECONDS, Issuer

ISSUER = Issuer()
OTHER = Issuer()


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", lambda: RSAKey.generate_key(2048)),
        ("RS512", lambda: RSAKey.generate_key(2048)),
        ("PS384", lambda: RSAKey.generate_key(2048)),
        ("ES256", lambda: ECKey.generate_key("P-256")),
        ("ES384", lambda: ECKey.generate_key("P-384")),
        ("ES512", lambda: ECKey.generate_key("P-521")),
        ("EdDSA", lambda: OKPKey.generate_key("Ed25519")),
    ],
)
def test_signatures_of_every_algorithm_that_envoy_takes(algorithm: str, key: Any) -> None:
    """And the claims of the token come out."""
    issuer = Issuer(algorithm=algorithm, key=key())
    verdict = check_token(issuer.token(groups=["a"]), issuer.rule(), NOW)
    assert verdict.standing is Standing.VALID
    assert verdict.claims is not None
    assert (issuer.name, "mia", ["a"]) == tuple(verdict.claims[name] for name in ("iss", "sub", "groups"))


@pytest.mark.parametrize(
    ("claims", "standing", "reason"),
    [
        ({"iss": "https://evil.example"}, Standing.UNKNOWN_ISSUER, "its issuer is 'https://evil.example', not "),
        ({"iss": None}, Standing.UNKNOWN_ISSUER, "its issuer is '', not "),
        ({"exp": SECONDS - TOLERANCE - 1}, Standing.INVALID, "it expired 61 s ago"),
        ({"nbf": SECONDS + TOLERANCE + 1}, Standing.INVALID, "it is valid in 61 s, not now"),
        ({"exp": "soon"}, Standing.INVALID, "its exp is no time"),
        ({"exp": -1}, Standing.INVALID, "its exp is no time"),
        ({"aud": ["a", "b"]}, Standing.WRONG_AUDIENCE, "it is for a, b, not for api or web"),
        ({"aud": None}, Standing.WRONG_AUDIENCE, "it is for nobody, not for api or web"),
        ({"aud": 3}, Standing.INVALID, "its aud is neither"),
        ({"sub": 3}, Standing.INVALID, "its sub is no text"),
    ],
)
def test_what_a_token_says_must_fit(claims: dict[str, Any], standing: Standing, reason: str) -> None:
    """Issuer, times with a minute of tolerance, and audience; the reason says which."""
    verdict = check_token(ISSUER.token(**{"aud": "api", **claims}), ISSUER.rule(audiences=("api", "web")), NOW)
    assert (verdict.standing, verdict.claims) == (standing, None)
    assert reason in verdict.reason


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": SECONDS - TOLERANCE},
        {"nbf": SECONDS + TOLERANCE},
        {"exp": None},
        {"exp": SECONDS + 0.5},
        {"aud": "https://api/"},
        {"aud": ["x", "web"]},
    ],
)
def test_what_envoy_lets_pass(claims: dict[str, Any]) -> None:
    """Clocks that differ a little, no end at all, an audience with a scheme and a slash."""
    verdict = check_token(ISSUER.token(**{"aud": "api", **claims}), ISSUER.rule(audiences=("api", "web")), NOW)
    assert verdict.standing is Standing.VALID


def test_the_key_must_be_the_issuers() -> None:
    """By its id where both have one, and by its algorithm where it has one."""
    rule = ISSUER.rule()
    assert check_token(OTHER.token(), rule, NOW).reason == "its signature is not its issuer's"
    assert check_token(ISSUER.token({"kid": "second"}), rule, NOW).reason == "its issuer has no key of the kid 'second'"
    assert check_token(ISSUER.token({"kid": None}), rule, NOW).standing is Standing.VALID
    without_id = ISSUER.rule(jwks=ISSUER.jwks(kid=""))
    assert check_token(ISSUER.token({"kid": "any"}), without_id, NOW).standing is Standing.VALID
    only_384 = ISSUER.rule(jwks=ISSUER.jwks(alg="ES384"))
    assert (
        check_token(ISSUER.token({"kid": None}), only_384, NOW).reason == "its issuer has no key of the algorithm ES256"
    )


def test_a_changed_token_does_not_verify() -> None:
    """Neither its claims nor its header can be exchanged."""
    header, payload, signature = ISSUER.token().split(".")
    forged = base64.urlsafe_b64encode(json.dumps({"iss": ISSUER.name, "sub": "root"}).encode()).decode().rstrip("=")
    assert (
        check_token(f"{header}.{forged}.{signature}", ISSUER.rule(), NOW).reason == "its signature is not its issuer's"
    )
    assert check_token(f"{header}.{payload}.{signature[:-8]}", ISSUER.rule(), NOW).standing is Standing.INVALID


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS1", 3, None])
def test_only_signatures_of_public_keys_are_taken(algorithm: object) -> None:
    """A public key is no shared secret."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).decode().rstrip("=")
    _, payload, signature = ISSUER.token().split(".")
    verdict = check_token(f"{head}.{payload}.{signature}", ISSUER.rule(), NOW)
    assert "only signatures of public keys are taken" in verdict.reason


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c", "..", "a.b.c.d", "e30.e30.", "e30.W10.eA", "!.e30.eA", "é.é.é"]
)
def test_what_is_no_token_is_invalid(text: str) -> None:
    """And never an exception."""
    assert check_token(text, ISSUER.rule(), NOW).standing is Standing.INVALID


@pytest.mark.parametrize("jwks", ["", "{}", '{"keys": 3}', '{"keys": [3, {"kty": "oct", "k": "YQ"}, {"kty": "EC"}]}'])
def test_without_a_usable_key_no_token_is_valid(jwks: str) -> None:
    """A shared secret is no usable key."""
    assert check_token(ISSUER.token(), ISSUER.rule(jwks=jwks), NOW).standing is Standing.INVALID


def test_reasons_do_not_have_the_token_in_them() -> None:
    """What is presented could still be valid elsewhere."""
    token = OTHER.token()
    assert not any(part in repr(check_token(token, ISSUER.rule(), NOW)) for part in token.split("."))
