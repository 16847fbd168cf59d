"""Service-account tokens, checked against the keys of their issuer.

Sizes are bounded before any cryptography. What is returned comes from the verified token and from nowhere else.
The caller is told nothing of why; the reason goes to the ledger.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from meshtui.ca.caller import Caller, Metadata
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.errors import IdentityError, StateError
from meshtui.identity.spiffe import SpiffeId

AUDIENCE = "istio-ca"
ALGORITHM = "ES256"
MAX_TOKEN = 8192
MAX_HEADER = 512
MAX_NAME = 253
LEEWAY = 5
"""Seconds by which the issuer's clock may be ahead. There is none after `exp`."""

_BEARER = "Bearer "  # Istio compares case-sensitively, the space included
_SUBJECT = "system:serviceaccount"
_OPAQUE = "request authenticate failure"


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Pod(msgspec.Struct, frozen=True):
    name: str
    uid: str


class _Kubernetes(msgspec.Struct, frozen=True):
    namespace: str
    serviceaccount: _Named
    pod: _Pod


class _Claims(msgspec.Struct, frozen=True, rename={"kubernetes": "kubernetes.io"}):
    """What a token must say (Kubernetes' bound service-account tokens). Times are whole seconds, never floats."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    iat: int
    kubernetes: _Kubernetes
    nbf: int = 0


class TokenAuthenticator:
    """Accepts tokens of one issuer, for one audience."""

    name = "token"
    """How the ledger calls it."""

    def __init__(self, jwks: str, issuer: str, trust_domain: str) -> None:
        """`jwks` is a JSON Web Key Set; raises StateError when it has no usable key: there is no default."""
        self._issuer = issuer
        self._trust_domain = trust_domain
        try:
            keys = [ECKey.import_key(key) for key in json.loads(jwks)["keys"]]
            self._keys = {key.kid: key for key in keys if key.kid and key.curve_name == "P-256"}
        except (ValueError, KeyError, TypeError, JoseError) as error:
            raise StateError(f"The token issuer's keys cannot be read: {type(error).__name__}.") from error
        if not self._keys or any(key.is_private for key in keys):
            raise StateError("The token issuer's keys hold no public EC P-256 key, or a private one.")

    @classmethod
    def load(cls, path: Path, issuer: str, trust_domain: str) -> TokenAuthenticator:
        """Read the key set from a file; raises StateError."""
        try:
            return cls(path.read_text(encoding="utf-8"), issuer, trust_domain)
        except (OSError, UnicodeDecodeError) as error:
            raise StateError(f"The token issuer's keys {path} cannot be read: {error}.") from error

    def authenticate(self, metadata: Metadata, now: datetime) -> Caller:
        """The pod and service account that the one bearer token names."""
        claims = self._claims(self._verified(_token(metadata)))
        self._check(claims, int(now.timestamp()))
        return self._caller(claims)

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            kid = json.loads(_decoded_header(token))["kid"]
            key = self._keys[kid]
            return jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            _refuse(
                Reason.BAD_CREDENTIAL, f"The token is malformed or does not verify ({type(error).__name__}).", error
            )

    def _claims(self, payload: dict[str, Any]) -> _Claims:
        try:
            return msgspec.convert(payload, _Claims)
        except (msgspec.ValidationError, RecursionError) as error:
            _refuse(Reason.BAD_CREDENTIAL, f"The token's claims are not those of a pod: {error}.", error)

    def _check(self, claims: _Claims, now: int) -> None:
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._issuer:
            _refuse(Reason.BAD_CREDENTIAL, f"The token is of the issuer {claims.iss[:100]!r}.")
        if AUDIENCE not in audiences:
            _refuse(Reason.BAD_CREDENTIAL, f"The token is for {str(audiences)[:100]}, not for {AUDIENCE}.")
        if now >= claims.exp:
            _refuse(Reason.EXPIRED_CREDENTIAL, f"The token expired {now - claims.exp} s ago.")
        if max(claims.nbf, claims.iat) > now + LEEWAY:
            _refuse(Reason.BAD_CREDENTIAL, "The token is from the future.")

    def _caller(self, claims: _Claims) -> Caller:
        workload = claims.kubernetes
        names = (workload.namespace, workload.serviceaccount.name, workload.pod.name, workload.pod.uid)
        namespace, service_account, pod_name, pod_uid = names
        if not all(0 < len(name) <= MAX_NAME and name.isprintable() for name in names):
            _refuse(Reason.BAD_CREDENTIAL, "A name in the token is empty, too long or not printable.")
        if claims.sub != f"{_SUBJECT}:{namespace}:{service_account}":
            _refuse(Reason.BAD_CREDENTIAL, f"The token's subject {claims.sub[:100]!r} is not its service account.")
        try:
            spiffe_id = SpiffeId.for_service_account(self._trust_domain, namespace, service_account)
        except IdentityError as error:
            _refuse(Reason.BAD_CREDENTIAL, error.message, error)
        return Caller(spiffe_id, namespace, service_account, pod_name, pod_uid, self.name)


def _token(metadata: Metadata) -> str:
    headers = [value for name, value in metadata if name == "authorization"]
    if not headers:
        _refuse(Reason.NO_CREDENTIAL, "There is no authorization header.")
    if len(headers) > 1:
        _refuse(Reason.BAD_CREDENTIAL, f"There are {len(headers)} authorization headers.")
    value = headers[0]
    if not isinstance(value, str) or not value.startswith(_BEARER):
        _refuse(Reason.BAD_CREDENTIAL, "The authorization header has no bearer token.")
    token = value.removeprefix(_BEARER)
    if len(token) > MAX_TOKEN or token.count(".") != 2 or token.index(".") > MAX_HEADER:
        _refuse(Reason.BAD_CREDENTIAL, f"A token of {len(token)} characters is not a compact one, or too large.")
    return token


def _decoded_header(token: str) -> bytes:
    header = token.partition(".")[0]
    return urlsafe_b64decode(header + "=" * (-len(header) % 4))


def _refuse(reason: Reason, detail: str, cause: BaseException | None = None) -> NoReturn:
    raise RefusalError(reason, _OPAQUE, detail=detail) from cause
