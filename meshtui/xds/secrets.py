"""Gateway certificates as Envoy takes them. What is not complete is left out: an empty secret would be refused.

Whether a key fits its certificate is for Envoy to say: it refuses the new one and keeps the one it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envoy.extensions.transport_sockets.tls.v3 import secret_pb2

from meshtui.gateway.listeners import authority_of, listeners_of, secret_of
from meshtui.gateway.references import CA_SUFFIX, OWN_SIMPLE, Listener, SecretRef
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.secret_data import key_pair, trusted_ca
from meshtui.xds import naming


@dataclass(frozen=True)
class ServerSecrets:
    """What one listener presents and checks its clients against, by name of the resource."""

    certificates: tuple[str, ...]
    client_roots: str
    """Empty where clients are not asked for a certificate."""


def server_secrets(catalog: Catalog, listener: Listener) -> ServerSecrets | None:
    """The resources of a listener; None while one that it cannot do without is not there."""
    if listener.mode == OWN_SIMPLE:
        return ServerSecrets((naming.WORKLOAD_CERTIFICATE,), "")
    certificates = tuple(_name(ref) for ref in listener.certificates if _pair(catalog, ref) is not None)
    roots = listener.client_ca
    if not certificates or (_asks(listener) and (roots is None or _roots(catalog, roots) is None)):
        return None
    return ServerSecrets(certificates, _roots_name(roots) if roots is not None else "")


def gateway_secrets(catalog: Catalog, target: str) -> Mapping[str, Any]:
    """All secrets that the gateway workload `target` presents or checks clients against, by resource name."""
    found: dict[str, Any] = {}
    for listener in listeners_of(catalog):
        if listener.binding.workload.target != target:
            continue
        for ref in listener.certificates:
            if (pair := _pair(catalog, ref)) is not None:
                found[_name(ref)] = _certificate(_name(ref), *pair)
        if (ca := listener.client_ca) is not None and (roots := _roots(catalog, ca)) is not None:
            found[_roots_name(ca)] = _client_roots(_roots_name(ca), roots)
    return found


def _asks(listener: Listener) -> bool:
    return listener.mode == "MUTUAL"


def _name(ref: SecretRef) -> str:
    return naming.gateway_secret(ref.namespace, ref.name)


def _roots_name(ref: SecretRef) -> str:
    """Istio's name for the CA part of a Secret, whichever of the two Secrets it is in; or for that of a ConfigMap."""
    if ref.kind != "Secret":
        return naming.gateway_config_map(ref.namespace, ref.name)
    return naming.gateway_secret(ref.namespace, ref.name.removesuffix(CA_SUFFIX) + CA_SUFFIX)


def _pair(catalog: Catalog, ref: SecretRef) -> tuple[bytes, bytes] | None:
    secret = secret_of(catalog, ref)
    return key_pair(secret) if secret is not None else None


def _roots(catalog: Catalog, ref: SecretRef) -> bytes | None:
    authority = authority_of(catalog, ref)
    return trusted_ca(authority) if authority is not None else None


def _certificate(name: str, chain: bytes, key: bytes) -> Any:
    return secret_pb2.Secret(
        name=name, tls_certificate={"certificate_chain": {"inline_bytes": chain}, "private_key": {"inline_bytes": key}}
    )


def _client_roots(name: str, roots: bytes) -> Any:
    return secret_pb2.Secret(name=name, validation_context={"trusted_ca": {"inline_bytes": roots}})
