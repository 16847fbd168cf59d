"""Writes Secrets with certificates for tests."""

from __future__ import annotations

import base64
from typing import Any

from meshtui.identity.keys import key_pem
from tests.identity.forge import Pair
from tests.manifest.writing import document

INGRESS = "istio-system"


def tls_secret(
    name: str, pair: Pair, more: dict[str, str | bytes] | None = None, *, key_of: Pair | None = None
) -> dict[str, Any]:
    """A TLS Secret beside the gateway, with the key of another pair if there is one, and `more` data."""
    own: dict[str, str | bytes] = {"tls.crt": pair.pem, "tls.key": key_pem((key_of or pair).key)}
    return secret(name, own | (more or {}), "kubernetes.io/tls")


def secret(name: str, data: dict[str, str | bytes], kind: str = "Opaque") -> dict[str, Any]:
    """A Secret beside the gateway."""
    encoded = {
        key: base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
        for key, value in data.items()
    }
    return document("Secret", name, INGRESS, type=kind, data=encoded)
