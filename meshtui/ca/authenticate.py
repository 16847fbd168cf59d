"""The mesh's own service-account tokens, checked against the key of their issuer.

Sizes are bounded before any cryptography. What is returned comes from the verified token and from nowhere else.
The caller is told nothing of why; the reason goes to the ledger.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from meshtui.ca.bearer import bearer_token, key_id, refuse, shown
from meshtui.ca.caller import Caller, Credentials
from meshtui.ca.refusal import Reason
from meshtui.ca.token_claims import caller_of, check_claims, read_claims
from meshtui.errors import StateError

AUDIENCE = "istio-ca"
ALGORITHM = "ES256"


class TokenAuthenticator:
    """Accepts tokens of one issuer, for one audience, bound to a pod."""

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

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        """The pod and service account that the one bearer token names."""
        token = bearer_token(credentials.headers)
        kid = key_id(token)
        if kid not in self._keys:
            refuse(Reason.BAD_CREDENTIAL, f"The token is signed with the key {shown(kid)}, which is not the mesh's.")
        try:
            payload = jwt.decode(token, self._keys[kid], algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            refuse(Reason.BAD_CREDENTIAL, f"The token is malformed or does not verify ({type(error).__name__}).", error)
        claims = read_claims(payload)
        check_claims(claims, self._issuer, (AUDIENCE,), int(now.timestamp()))
        if not claims.iat or claims.kubernetes is None or claims.kubernetes.pod is None:
            refuse(Reason.BAD_CREDENTIAL, "The token's claims are not those of a pod: it is bound to none.")
        return caller_of(claims, self._trust_domain, self.name)
