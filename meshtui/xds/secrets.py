"""Gateway certificates as Envoy takes them. What is not complete is left out: an empty secret would be refused.

Whether a key fits its certificate is for Envoy to say: it refuses the new one and keeps the one it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envoy.extensions.transport_sockets.tls.v3 import secret_pb2

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.credential import key_pair, trusted_ca
from meshtui.manifest.model import ObjectKey, Secret, ServerTls
from meshtui.xds import naming

_CA_SUFFIX = "-cacert"


def certificate_name(catalog: Catalog, namespace: str, tls: ServerTls) -> str:
    """The resource that holds a server's certificate and key; empty while there is none to present."""
    secret = _secret(catalog, namespace, tls.credential_name)
    return naming.gateway_secret(namespace, secret.name) if secret and key_pair(secret) else ""


def client_roots_name(catalog: Catalog, namespace: str, tls: ServerTls) -> str:
    """The resource that holds what a MUTUAL server checks its clients against; empty while there is nothing.

    As in Istio, of the Secret NAME-cacert, else of the Secret NAME itself.
    """
    for name in (tls.credential_name + _CA_SUFFIX, tls.credential_name):
        secret = _secret(catalog, namespace, name)
        if secret and trusted_ca(secret):
            return naming.gateway_secret(namespace, tls.credential_name + _CA_SUFFIX)
    return ""


def gateway_secrets(catalog: Catalog, target: str) -> Mapping[str, Any]:
    """All secrets that the gateway workload `target` presents or checks clients against, by resource name."""
    found: dict[str, Any] = {}
    for binding in catalog.bindings():
        tls = binding.server.tls
        if binding.workload.target != target or tls is None or not tls.credential_name:
            continue
        namespace = binding.workload.namespace
        if name := certificate_name(catalog, namespace, tls):
            found[name] = _certificate(catalog, namespace, tls.credential_name, name)
        if tls.mode == "MUTUAL" and (name := client_roots_name(catalog, namespace, tls)):
            found[name] = _client_roots(catalog, namespace, tls.credential_name, name)
    return found


def _certificate(catalog: Catalog, namespace: str, credential: str, name: str) -> Any:
    secret = _secret(catalog, namespace, credential)
    pair = key_pair(secret) if secret else None
    chain, key = pair or (b"", b"")
    return secret_pb2.Secret(
        name=name, tls_certificate={"certificate_chain": {"inline_bytes": chain}, "private_key": {"inline_bytes": key}}
    )


def _client_roots(catalog: Catalog, namespace: str, credential: str, name: str) -> Any:
    own = _secret(catalog, namespace, credential + _CA_SUFFIX)
    secret = own if own and trusted_ca(own) else _secret(catalog, namespace, credential)
    roots = trusted_ca(secret) if secret else None
    return secret_pb2.Secret(name=name, validation_context={"trusted_ca": {"inline_bytes": roots or b""}})


def _secret(catalog: Catalog, namespace: str, name: str) -> Secret | None:
    found = catalog.get(ObjectKey(Secret.kind, namespace, name))
    return found if isinstance(found, Secret) else None
