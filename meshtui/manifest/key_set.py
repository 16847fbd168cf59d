"""JSON Web Key Sets (RFC 7517) that stand in a RequestAuthentication: public keys of those who sign tokens.

A key that the mesh cannot use to verify is left out, so that everybody who works with a set works with the same
keys. One that is not public makes the whole set unacceptable: it does not belong into a manifest.
"""

from __future__ import annotations

import json
import warnings
from typing import Any

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

TEXT_MAX = 256 * 1024
"""Characters of one set."""
KEYS_MAX = 100
RSA_BITS = range(2048, 8193)
"""Weaker ones can be broken, and larger ones cost whoever checks a token more than they are worth."""
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""Members that only the private half of a key, or a shared secret, has (RFC 7518, 6)."""
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


def usable_keys(text: str) -> str:
    """The set with those of its keys that verify tokens, and nothing but what that takes: kty, kid, alg, numbers.

    Raises ValueError with why there is none. No part of a key is ever in the message.
    """
    if len(text) > TEXT_MAX:
        raise ValueError(f"is longer than {TEXT_MAX} characters")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("expected a JSON Web Key Set: this is no JSON (it is not shown)") from None
    keys = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(keys, list) or not all(isinstance(each, dict) for each in keys) or len(keys) > KEYS_MAX:
        raise ValueError(f"expected a JSON Web Key Set: an object with a list of up to {KEYS_MAX} keys")
    for index, key in enumerate(keys):
        if private := [name for name in _PRIVATE if name in key]:
            raise ValueError(
                f"key {index + 1} has {', '.join(private)}, which only its owner may have (not shown); "
                "put the public key here, and replace that key: it was given away"
            )
    found = [usable for usable in map(_usable, keys) if usable is not None]
    if not found:
        curves = ", ".join(_CURVES)
        raise ValueError(
            f"has no usable key: it takes public keys for signatures, of RSA ({RSA_BITS[0]} to {RSA_BITS[-1]} bits), "
            f"EC ({curves}) or OKP (Ed25519)"
        )
    return json.dumps({"keys": found}, separators=(",", ":"))


def _usable(given: dict[str, Any]) -> dict[str, Any] | None:
    operations = given.get("key_ops", ["verify"])
    if given.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    kid, algorithm = given.get("kid", ""), given.get("alg", "")
    try:
        plain, algorithms = _numbers(given)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(kid, str) or not isinstance(algorithm, str) or (algorithm and algorithm not in algorithms):
        return None
    named = {name: value for name, value in (("kid", kid), ("alg", algorithm)) if value}
    return plain | named


def _numbers(given: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The key as its numbers alone, encoded anew, and the algorithms that fit it."""
    members: dict[str, Any] = {name: given[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in given}
    match given.get("kty"):
        case "RSA":
            with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # weak ones are left out below
                rsa = RSAKey.import_key(members)
                if rsa.public_key.key_size not in RSA_BITS:
                    raise ValueError("weak, or a burden")
            return dict(RSAKey.import_key(rsa.as_pem(private=False)).as_dict(private=False)), _RSA
        case "EC":
            curve = ECKey.import_key(members)
            return dict(ECKey.import_key(curve.as_pem(private=False)).as_dict(private=False)), (
                _CURVES[curve.curve_name],
            )
        case "OKP" if given.get("crv") == "Ed25519":
            edwards = OKPKey.import_key(members)
            return dict(OKPKey.import_key(edwards.as_pem(private=False)).as_dict(private=False)), ("EdDSA", "Ed25519")
        case _:
            raise ValueError("another kind")
