"""JSON Web Key Sets in manifests."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from meshtui.manifest.key_set import usable_keys
from tests.manifest.policy_writing import jwks, keys

_WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_numbers()
WEAK = {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(_WEAK.n.to_bytes(128)).decode().rstrip("=")}
SECP256K1 = dict(ECKey.generate_key("secp256k1").as_dict(private=False))
ED448 = dict(OKPKey.generate_key("Ed448").as_dict(private=False))


def usable(*given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(usable_keys(jwks(*given)))["keys"]
    return found


@pytest.mark.parametrize("kind", ["RSA", "EC", "OKP"])
def test_public_keys_are_taken(kind: str) -> None:
    """Of each kind that signs tokens, with the same numbers, its id and its algorithm, and nothing else."""
    key = keys()[kind]
    algorithm = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}[kind]
    (found,) = usable({**key, "kid": "one", "alg": algorithm, "use": "sig", "x5t": "abc", "key_ops": ["verify"]})
    assert {**key, "kid": "one", "alg": algorithm} == found


@pytest.mark.parametrize(
    "other",
    [
        WEAK,
        {"kty": "RSA", "e": "AQAB", "n": "_" * 200_000},
        SECP256K1,
        ED448,
        {"kty": "oct"},
        {"kty": "RSA", "n": "AQAB"},
        {"kty": "RSA", "n": 7, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": []},
        {},
        {**keys()["EC"], "use": "enc"},
        {**keys()["EC"], "alg": "RS256"},
        {**keys()["EC"], "alg": 7},
        {**keys()["EC"], "kid": 7},
        {**keys()["EC"], "key_ops": ["encrypt"]},
        {**keys()["EC"], "key_ops": 7},
    ],
)
def test_others_are_left_out(other: dict[str, Any]) -> None:
    """Weak keys, unknown kinds, broken ones and those for something else; alone they are no set."""
    assert usable(other, keys()["EC"]) == [keys()["EC"]]
    with pytest.raises(ValueError, match="has no usable key"):
        usable(other)


@pytest.mark.parametrize(
    "key",
    [RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519"), OctKey.generate_key()],
)
def test_what_is_private_is_never_taken_and_never_shown(key: Any) -> None:
    """The whole set is refused by the names of what is too much; no value of it is in the message."""
    private = dict(key.as_dict(private=True))
    with pytest.raises(ValueError, match=r"key 2 has .*, which only its owner may have") as caught:
        usable(keys()["EC"], private)
    assert not [value for value in private.values() if len(str(value)) > 5 and str(value) in str(caught.value)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "this is no JSON"),
        ("[" * 100_000, "this is no JSON"),
        ("[]", "an object with a list of up to 100 keys"),
        ("{}", "an object with a list of up to 100 keys"),
        ('{"keys": {}}', "an object with a list of up to 100 keys"),
        ('{"keys": [1]}', "an object with a list of up to 100 keys"),
        (json.dumps({"keys": [{}] * 101}), "an object with a list of up to 100 keys"),
        ('{"keys": []}', "has no usable key"),
        (" " * 300_000, "is longer than 262144 characters"),
    ],
)
def test_what_is_no_set(text: str, reason: str) -> None:
    """It is said without showing it: it may be a private key."""
    with pytest.raises(ValueError, match=reason):
        usable_keys(text)


_KEYS = st.dictionaries(
    st.sampled_from(["kty", "n", "e", "crv", "x", "y", "kid", "alg", "use", "key_ops"]),
    st.none()
    | st.integers()
    | st.text(max_size=50)
    | st.lists(st.text(max_size=5), max_size=2)
    | st.sampled_from(["RSA", "EC", "OKP", "P-256", "P-521", "Ed25519", "AQAB", "AQ", "A" * 43, "A" * 86, "_" * 400]),
)


@settings(max_examples=300, deadline=None)
@given(_KEYS, st.sampled_from(["RSA", "EC", "OKP"]))
def test_any_key_is_usable_or_not(changes: dict[str, Any], kind: str) -> None:
    """Whatever stands in place of any part of it; and what is usable stays so when it is read again."""
    text = jwks({**keys()[kind], **changes})
    found = None
    with suppress(ValueError):
        found = usable_keys(text)
    if found is None:
        with pytest.raises(ValueError, match="has no usable key"):
            usable_keys(text)
    else:
        assert usable_keys(found) == found
