"""Issuers of end users' tokens, right and wrong."""

from __future__ import annotations

import json
import time
import warnings
from typing import Any

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from meshtui.manifest.key_set import usable_keys
from meshtui.manifest.model import Metadata
from meshtui.manifest.policy_model import JwtRule, RequestAuthentication


class Issuer:
    """Signs tokens with its own key; `jwks` verifies them."""

    def __init__(self, name: str, key_id: str = "k1", algorithm: str = "ES256", key: Any = None) -> None:
        self.name = name
        self._header = {"alg": algorithm, "kid": key_id}
        self._key = key or ECKey.generate_key("P-256")

    @property
    def jwks(self) -> str:
        """Its public key as a manifest's reader leaves it."""
        public = {**self._key.as_dict(private=False), "kid": self._header["kid"]}
        return usable_keys(json.dumps({"keys": [public]}))

    def rule(self, **more: Any) -> JwtRule:
        """Its tokens are valid."""
        return JwtRule(issuer=self.name, jwks=self.jwks, **more)

    def token(self, subject: Any = "alice", *, expires_in: float = 3600.0, **claims: Any) -> str:
        """A token with these claims; one given as None is left out."""
        stated = {"iss": self.name, "sub": subject, "exp": int(time.time() + expires_in), **claims}
        stated = {name: value for name, value in stated.items() if value is not None}
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):
            algorithms = list(JWSRegistry.algorithms)
            return jwt.encode(self._header, stated, self._key, algorithms=algorithms)


def request_authentication(name: str, *rules: JwtRule, namespace: str = "prod") -> RequestAuthentication:
    """About everything in a namespace."""
    return RequestAuthentication(metadata=Metadata(name=name, namespace=namespace), rules=rules)


def of_every_kind() -> dict[str, Issuer]:
    """By algorithm: an issuer with a key for it."""
    keys = {
        "RS256": RSAKey.generate_key(2048),
        "RS512": RSAKey.generate_key(2048),
        "PS384": RSAKey.generate_key(2048),
        "ES256": ECKey.generate_key("P-256"),
        "ES384": ECKey.generate_key("P-384"),
        "ES512": ECKey.generate_key("P-521"),
        "EdDSA": OKPKey.generate_key("Ed25519"),
    }
    return {
        algorithm: Issuer(f"https://{algorithm}.example", algorithm, algorithm, key) for algorithm, key in keys.items()
    }
