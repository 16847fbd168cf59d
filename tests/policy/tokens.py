"""Issuers of tokens for tests: keys, their public half as a JSON Web Key Set, and what they sign."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from meshtui.manifest.model import Metadata
from meshtui.manifest.policy_model import JwtRule, RequestAuthentication

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


@dataclass(frozen=True)
class Issuer:
    """One that signs tokens with one key."""

    name: str = "https://issuer.example"
    kid: str = "first"
    algorithm: str = "ES256"
    key: RSAKey | ECKey | OKPKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def jwks(self, **more: str) -> str:
        """Its public key, with its id and what else is given."""
        return json.dumps({"keys": [{**self.key.as_dict(private=False), "kid": self.kid, **more}]})

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token of `mia` that is valid for an hour, with other claims where they are given; None removes one."""
        payload = {"iss": self.name, "sub": "mia", "exp": SECONDS + 3600, **claims}
        head = {"alg": self.algorithm, "kid": self.kid, **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        kept = {name: value for name, value in payload.items() if value is not None}
        registry = JWSRegistry(algorithms=[self.algorithm])
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # EdDSA is what Envoy calls it
            return jwt.encode(head, kept, self.key, registry=registry)

    def rule(self, **more: Any) -> JwtRule:
        """The rule that accepts its tokens."""
        return JwtRule(**{"issuer": self.name, "jwks": self.jwks(), **more})

    def policy(self, name: str = "jwt", **more: Any) -> RequestAuthentication:
        """A policy of that rule alone."""
        return RequestAuthentication(metadata=Metadata(name=name, namespace="prod"), rules=(self.rule(**more),))
