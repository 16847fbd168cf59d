"""Whether one token of an end user is valid for one issuer, as Envoy's JWT filter decides it.

The order of checks is Envoy's: form, issuer, time (with its minute of tolerance), audience, signature. Where tokens
are looked for, and what several issuers mean together, is for `request_authentication`.
"""

from __future__ import annotations

import base64
import binascii
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NoReturn

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from meshtui.manifest.policy_model import JwtRule

TOLERANCE = 60
"""Seconds by which clocks may differ, before `nbf` and after `exp`."""
_ALGORITHMS = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "EC": ("ES256", "ES384", "ES512"),
    "OKP": ("EdDSA",),
}
_READERS: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_KNOWN = frozenset(name for names in _ALGORITHMS.values() for name in names)
_MAX_UNSIGNED = 2**64


class Standing(StrEnum):
    """What became of the search for a token, worst last."""

    VALID = "valid"
    MISSING = "missing"
    UNKNOWN_ISSUER = "unknown issuer"
    WRONG_AUDIENCE = "wrong audience"
    """Answered with 403; everything else that is presented and not valid with 401."""
    INVALID = "invalid"


@dataclass(frozen=True)
class Verdict:
    """One token, or none, beside one rule."""

    standing: Standing
    reason: str = ""
    """Why it is not valid, a part of a sentence: `it expired 90 s ago`."""
    claims: Mapping[str, Any] | None = None
    """Of a valid token."""


class _RefusedError(Exception):
    """Carries a verdict out of the checks."""

    def __init__(self, standing: Standing, reason: str) -> None:
        super().__init__(reason)
        self.verdict = Verdict(standing, reason)


@dataclass(frozen=True)
class _Token:
    algorithm: str
    kid: str
    claims: Mapping[str, Any]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True)
class _Key:
    kind: str
    kid: str
    algorithm: str
    key: RSAKey | ECKey | OKPKey = field(repr=False)


def check_token(token: str, rule: JwtRule, now: datetime) -> Verdict:
    """Whether a token is valid for an issuer at `now`. Its text is in no reason."""
    try:
        parsed = _parse(token)
        if (issuer := parsed.claims.get("iss", "")) != rule.issuer:
            _refuse(Standing.UNKNOWN_ISSUER, f"its issuer is {issuer!r}, not {rule.issuer!r}")
        _check_time(parsed.claims, int(now.timestamp()))
        _check_audience(parsed.claims, rule.audiences)
        _check_signature(parsed, rule.jwks)
    except _RefusedError as error:
        return error.verdict
    return Verdict(Standing.VALID, claims=parsed.claims)


def _parse(token: str) -> _Token:
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        _refuse(Standing.INVALID, "it is not three parts with dots between them")
    header, claims = _json(parts[0], "header"), _json(parts[1], "payload")
    algorithm, kid = header.get("alg"), header.get("kid", "")
    if not isinstance(algorithm, str) or algorithm not in _KNOWN:
        _refuse(Standing.INVALID, f"its algorithm is {algorithm!r}, and only signatures of public keys are taken")
    if not isinstance(kid, str):
        _refuse(Standing.INVALID, "its kid is no text")
    for name in ("iss", "sub", "jti"):
        if not isinstance(claims.get(name, ""), str):
            _refuse(Standing.INVALID, f"its {name} is no text")
    audiences = claims.get("aud", "")
    if not isinstance(audiences, str) and not (
        isinstance(audiences, list) and all(isinstance(each, str) for each in audiences)
    ):
        _refuse(Standing.INVALID, "its aud is neither a text nor a list of texts")
    return _Token(algorithm, kid, claims, f"{parts[0]}.{parts[1]}".encode("ascii", "replace"), _bytes(parts[2]))


def _json(part: str, what: str) -> Mapping[str, Any]:
    try:
        content = json.loads(_bytes(part), parse_constant=_no_number)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        _refuse(Standing.INVALID, f"its {what} is no JSON object")
    return content


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        _refuse(Standing.INVALID, "a part of it is not base64url")


def _check_time(claims: Mapping[str, Any], now: int) -> None:
    _seconds(claims, "iat")
    ahead = _seconds(claims, "nbf") - now
    if ahead > TOLERANCE:
        _refuse(Standing.INVALID, f"it is valid in {ahead} s, not now")
    expires = _seconds(claims, "exp")
    # a token without exp never expires, as in Envoy
    if expires and now - expires > TOLERANCE:
        _refuse(Standing.INVALID, f"it expired {now - expires} s ago")


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MAX_UNSIGNED:
        _refuse(Standing.INVALID, f"its {name} is no time")
    return int(value)


def _check_audience(claims: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
    named = claims.get("aud", [])
    audiences = [named] if isinstance(named, str) else named
    if wanted and not {_bare(each) for each in audiences} & {_bare(each) for each in wanted}:
        has = ", ".join(audiences) or "nobody"
        _refuse(Standing.WRONG_AUDIENCE, f"it is for {has}, not for {' or '.join(wanted)}")


def _bare(audience: str) -> str:
    """Without scheme and trailing slash: Envoy takes them for slips of the pen."""
    for scheme in ("http://", "https://"):
        if audience.startswith(scheme):
            return audience.removeprefix(scheme).removesuffix("/")
    return audience.removesuffix("/")


def _check_signature(token: _Token, jwks: str) -> None:
    fitting = [
        key
        for key in _keys(jwks)
        if (not token.kid or not key.kid or key.kid == token.kid) and key.algorithm in ("", token.algorithm)
    ]
    if not fitting:
        named = f"the kid {token.kid!r}" if token.kid else f"the algorithm {token.algorithm}"
        _refuse(Standing.INVALID, f"its issuer has no key of {named}")
    if not any(_verifies(token, key) for key in fitting):
        _refuse(Standing.INVALID, "its signature is not its issuer's")


def _verifies(token: _Token, key: _Key) -> bool:
    if token.algorithm not in _ALGORITHMS[key.kind]:
        return False
    try:
        return JWSRegistry.algorithms[token.algorithm].verify(token.signed, token.signature, key.key)
    except (JoseError, ValueError, TypeError):
        # of another curve than the algorithm asks for, or not even the form of a signature
        return False


@lru_cache(maxsize=256)
def _keys(jwks: str) -> tuple[_Key, ...]:
    try:
        listed = json.loads(jwks)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    return tuple(filter(None, map(_read_key, listed))) if isinstance(listed, list) else ()


def _read_key(given: Any) -> _Key | None:
    reader = _READERS.get(str(given.get("kty"))) if isinstance(given, dict) else None
    if reader is None:
        return None
    try:
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):
            return _Key(given["kty"], given.get("kid", ""), given.get("alg", ""), reader.import_key(given))
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _refuse(standing: Standing, reason: str) -> NoReturn:
    raise _RefusedError(standing, reason)
