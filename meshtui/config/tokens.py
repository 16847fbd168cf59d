"""The service-account token issuer of the embedded mesh: the counterpart of the Kubernetes API server's.

Its key says who every workload is, so it is kept like a CA key. Whoever checks tokens gets `jwks()` and no more.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from meshtui.errors import IdentityError, StateError, UsageError
from meshtui.identity.keys import key_pem, load_key, new_key
from meshtui.identity.spiffe import check_path_segment
from meshtui.private_files import read_private, write_file

MAX_DURATION = timedelta(days=365)


class TokenIssuer:
    """Signs ES256 tokens with one key. Made by `open`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, issuer: str) -> None:
        self.issuer = issuer
        self._key = ECKey.import_key(key_pem(key), {"use": "sig", "alg": "ES256"})
        self._kid = self._key.thumbprint()  # RFC 7638

    @classmethod
    def open(cls, key_path: Path, issuer: str) -> TokenIssuer:
        """Load the key at `key_path`, or make one where there is none.

        Raises StateError when the file is there but empty, damaged, not a P-256 key or open to others: a new key
        would invalidate every token that is out, so that is never done silently.
        """
        if not key_path.exists() and not key_path.is_symlink():
            write_file(key_path, key_pem(new_key("EC P-256")))
        try:
            key = load_key(read_private(key_path))
        except IdentityError as error:
            raise StateError(
                f"The token issuer's key {key_path} is damaged: {error.message}",
                fix="Restore it from a backup, or remove it and restart: workloads then get new tokens.",
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise StateError(f"The token issuer's key {key_path} is not an EC P-256 key.", fix="Restore the right one.")
        return cls(key, issuer)

    def issue(
        self,
        namespace: str,
        service_account: str,
        *,
        pod_name: str,
        pod_uid: str,
        audience: str,
        duration: timedelta,
        now: datetime,
    ) -> str:
        """A token that says: this pod runs as that service account (the claims of Kubernetes' bound tokens).

        Raises IdentityError for names that cannot stand in a SPIFFE ID, UsageError for an unusable audience or
        duration.
        """
        for name in (namespace, service_account):
            check_path_segment(name)
        if not audience:
            raise UsageError("A token for nobody is good for nothing.", fix="Name an audience: istio-ca.")
        if not timedelta(seconds=1) <= duration <= MAX_DURATION:
            raise UsageError(f"A token cannot last {duration}.", fix=f"Use 1s to {MAX_DURATION.days}d.")
        issued_at = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "sub": f"system:serviceaccount:{namespace}:{service_account}",
            "aud": [audience],
            "iat": issued_at,
            "nbf": issued_at,
            "exp": issued_at + int(duration.total_seconds()),
            "jti": str(uuid.uuid4()),
            "kubernetes.io": {
                "namespace": namespace,
                "pod": {"name": pod_name, "uid": pod_uid},
                "serviceaccount": {"name": service_account},
            },
        }
        return jwt.encode({"alg": "ES256", "typ": "JWT", "kid": self._kid}, claims, self._key, algorithms=["ES256"])

    def jwks(self) -> str:
        """The public key as a JSON Web Key Set (RFC 7517)."""
        return json.dumps({"keys": [{**self._key.as_dict(private=False), "kid": self._kid}]})
