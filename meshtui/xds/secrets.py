"""Gateway certificates as Envoy takes them. What is not complete is left out: an empty secret would be refused.

Whether a key fits its certificate is for Envoy to say: it refuses the new one and keeps the one it has. But a broken
one takes others with it, where they meet: of two certificates of one server Envoy refuses the good one as well,
whenever that comes or is rotated, and a port of which one server's CA is broken cannot be changed any more. Those are
not sent, though the listener names them: it goes on with the last good one, or after a while without any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envoy.extensions.transport_sockets.tls.v3 import secret_pb2

from meshtui.gateway.listeners import authority_of, listeners_of, secret_of
from meshtui.gateway.references import ASKS_CLIENTS, CA_SUFFIX, OWN_SIMPLE, Listener, SecretRef
from meshtui.manifest.api_model import ConfigMap
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.client_roots import roots_problem
from meshtui.manifest.model import Secret
from meshtui.manifest.pairs import pair_problem
from meshtui.manifest.secret_data import key_pair, ocsp_staple, revoked, trusted_ca
from meshtui.xds import naming


@dataclass(frozen=True)
class ServerSecrets:
    """What one listener presents and checks its clients against, by name of the resource."""

    certificates: tuple[str, ...]
    client_roots: str
    """Empty where clients are not asked for a certificate."""


def server_secrets(catalog: Catalog, listener: Listener) -> ServerSecrets | None:
    """The resources of a listener; None while one that it cannot do without is not there.

    Of two certificates one is enough.
    """
    if listener.mode == OWN_SIMPLE:
        return ServerSecrets((naming.WORKLOAD_CERTIFICATE,), "")
    certificates = tuple(_name(ref) for ref in listener.certificates if _pair(catalog, ref) is not None)
    roots = listener.client_ca
    if not certificates or (listener.mode in ASKS_CLIENTS and (roots is None or _roots(catalog, roots) is None)):
        return None
    return ServerSecrets(certificates, _roots_name(roots) if roots is not None else "")


def gateway_secrets(catalog: Catalog, target: str) -> Mapping[str, Any]:
    """All secrets that the gateway workload `target` presents or checks clients against, by resource name."""
    found: dict[str, Any] = {}
    for listener in listeners_of(catalog):
        if listener.binding.workload.target != target:
            continue
        for ref in listener.certificates:
            if (secret := _pair(catalog, ref)) is not None:
                found[_name(ref)] = _certificate(_name(ref), secret)
        if (ca := listener.client_ca) is not None and (holder := _roots(catalog, ca)) is not None:
            found[_roots_name(ca)] = _client_roots(_roots_name(ca), holder)
    return {name: secret for name, secret in found.items() if name not in catalog.derived(_withheld)}


def _withheld(catalog: Catalog) -> frozenset[str]:
    """Names of the broken ones that would take others down with them."""
    listeners = listeners_of(catalog)
    together = {ref for each in listeners if len(each.certificates) > 1 for ref in each.certificates}
    roots = {each.client_ca for each in listeners if each.client_ca is not None}
    pairs = ((ref, _pair(catalog, ref)) for ref in together)
    cas = ((ref, _roots(catalog, ref)) for ref in roots)
    return frozenset(
        {
            *(_name(ref) for ref, secret in pairs if secret is not None and pair_problem(secret)),
            *(_roots_name(ref) for ref, secret in cas if secret is not None and roots_problem(secret)),
        }
    )


def _name(ref: SecretRef) -> str:
    return naming.gateway_secret(ref.namespace, ref.name)


def _roots_name(ref: SecretRef) -> str:
    """Istio's name for the CA part of a Secret, whichever of the two Secrets it is in; or for that of a ConfigMap."""
    if ref.kind != "Secret":
        return naming.gateway_config_map(ref.namespace, ref.name)
    return naming.gateway_secret(ref.namespace, ref.name.removesuffix(CA_SUFFIX) + CA_SUFFIX)


def _pair(catalog: Catalog, ref: SecretRef) -> Secret | None:
    """The Secret, if it has a key pair."""
    secret = secret_of(catalog, ref)
    return secret if secret is not None and key_pair(secret) is not None else None


def _roots(catalog: Catalog, ref: SecretRef) -> Secret | ConfigMap | None:
    """The Secret or ConfigMap, if it has a CA."""
    authority = authority_of(catalog, ref)
    return authority if authority is not None and trusted_ca(authority) is not None else None


def _certificate(name: str, secret: Secret) -> Any:
    chain, key = key_pair(secret) or (b"", b"")
    found = secret_pb2.Secret(
        name=name, tls_certificate={"certificate_chain": {"inline_bytes": chain}, "private_key": {"inline_bytes": key}}
    )
    if staple := ocsp_staple(secret):
        found.tls_certificate.ocsp_staple.inline_bytes = staple
    return found


def _client_roots(name: str, holder: Secret | ConfigMap) -> Any:
    """With revocation lists, if there are any; Envoy wants one of every CA then, or refuses all that this CA signed."""
    found = secret_pb2.Secret(name=name, validation_context={"trusted_ca": {"inline_bytes": trusted_ca(holder)}})
    if lists := revoked(holder):
        found.validation_context.crl.inline_bytes = lists
    return found
