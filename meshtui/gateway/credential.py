"""Which Secrets are gateway certificates, and for whom.

Whether what is in a Secret fits its hosts is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.gateway.listeners import listeners_of
from meshtui.gateway.references import Listener, SecretRef
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey, Secret
from meshtui.manifest.secret_data import TLS


@dataclass(frozen=True, kw_only=True)
class Credential:
    """One Secret that a gateway presents, or could."""

    namespace: str
    name: str
    secret: Secret | None
    """None when a Gateway names one that does not exist."""
    gateways: tuple[ObjectKey, ...] = ()
    """Sorted; none when no Gateway refers to it."""
    hosts: tuple[str, ...] = ()
    """Sorted; of all servers that present it."""
    tls_mode: str = ""
    """Of the first server that presents it, in the order of `gateways`."""
    workloads: tuple[str, ...] = ()
    """Targets of the gateway workloads that present it, sorted."""

    @property
    def target(self) -> str:
        """`gateway/NAMESPACE/SECRET`."""
        return f"gateway/{self.namespace}/{self.name}"


def credentials_of(catalog: Catalog) -> tuple[Credential, ...]:
    """Every Secret that a gateway workload is to present, there or not, and every other TLS Secret; sorted."""
    return catalog.derived(_credentials)


def _credentials(catalog: Catalog) -> tuple[Credential, ...]:
    known = {SecretRef(secret.namespace, secret.name): secret for secret in catalog.all(Secret)}
    users: dict[SecretRef, list[Listener]] = {ref: [] for ref, secret in known.items() if secret.type == TLS}
    for listener in listeners_of(catalog):
        for ref in listener.certificates:
            users.setdefault(ref, []).append(listener)
    return tuple(_credential(ref, known.get(ref), users[ref]) for ref in sorted(users))


def _credential(ref: SecretRef, secret: Secret | None, listeners: list[Listener]) -> Credential:
    ordered = sorted((listener.binding for listener in listeners), key=lambda binding: binding.gateway.key)
    return Credential(
        namespace=ref.namespace,
        name=ref.name,
        secret=secret,
        gateways=tuple(sorted({binding.gateway.key for binding in ordered})),
        hosts=tuple(sorted({host for binding in ordered for host in binding.server.hosts})),
        tls_mode=next((binding.server.tls.mode for binding in ordered if binding.server.tls), ""),
        workloads=tuple(sorted({binding.workload.target for binding in ordered})),
    )
