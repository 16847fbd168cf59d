"""Issuers of end users' tokens, right and wrong."""

from __future__ import annotations

import json
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey


class Issuer:
    """Signs tokens with its own key; `jwks` verifies them."""

    def __init__(self, name: str, key_id: str = "k1") -> None:
        self.name = name
        self.key_id = key_id
        self._key = ECKey.generate_key("P-256", {"kid": key_id, "alg": "ES256"}, private=True)

    @property
    def jwks(self) -> str:
        """Its public key, as a JSON Web Key Set."""
        return json.dumps({"keys": [self._key.as_dict(private=False)]})

    def token(self, subject: str = "alice", *, expires_in: float = 3600.0, **claims: Any) -> str:
        """A token with these claims; one given as None is left out."""
        stated = {"iss": self.name, "sub": subject, "exp": int(time.time() + expires_in), **claims}
        stated = {name: value for name, value in stated.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.key_id}, stated, self._key)
