"""JSON Web Key Sets (RFC 7517) of issuers outside the mesh: public keys by id, each with what it may verify.

Symmetric keys, private keys, weak keys and unknown kinds are left out, so no algorithm can be turned against its key.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from meshtui.errors import StateError

MAX_BYTES = 256 * 1024
MAX_KEYS = 100
MIN_RSA_BITS = 2048

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


@dataclass(frozen=True)
class VerifyingKey:
    """One public key."""

    key: ECKey | RSAKey = field(repr=False)
    algorithms: tuple[str, ...]
    """What a token signed with it may name: one of a list that fits the key's kind (RFC 8725, 3.1)."""


def read_key_set(data: bytes) -> Mapping[str, VerifyingKey]:
    """Usable keys by id; raises StateError when there is none, or an id twice."""
    if len(data) > MAX_BYTES:
        raise StateError(f"A key set of {len(data)} bytes is too large.", fix=f"Use up to {MAX_BYTES}.")
    try:
        listed = json.loads(data)["keys"]
        if not isinstance(listed, list) or len(listed) > MAX_KEYS:
            raise StateError(f"A key set has a list of up to {MAX_KEYS} keys.", fix="Is it a JSON Web Key Set?")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StateError(
            f"The key set cannot be read ({type(error).__name__}).", fix="Is it a JSON Web Key Set?"
        ) from error
    keys: dict[str, VerifyingKey] = {}
    for each in listed:
        if (found := _usable(each)) is None:
            continue
        if each["kid"] in keys:
            raise StateError(f"The key set has two keys called {each['kid'][:80]!r}.", fix="Give each its own id.")
        keys[each["kid"]] = found
    if not keys:
        raise StateError("The key set has no usable key.", fix="It takes RSA and EC public keys with a kid.")
    return keys


def _usable(value: Any) -> VerifyingKey | None:
    if not isinstance(value, dict) or not isinstance(value.get("kid"), str) or not value["kid"]:
        return None
    if value.get("use", "sig") != "sig" or "d" in value:
        return None
    try:
        match value.get("kty"):
            case "RSA":
                with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # weak ones are left out below
                    key: ECKey | RSAKey = RSAKey.import_key(value)
                fitting: tuple[str, ...] = _RSA
                if key.public_key.key_size < MIN_RSA_BITS:
                    return None
            case "EC":
                key = ECKey.import_key(value)
                fitting = (_CURVES[key.curve_name],)
            case _:
                return None
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    algorithms = tuple(name for name in fitting if value.get("alg", name) == name)
    return VerifyingKey(key, algorithms) if algorithms else None
