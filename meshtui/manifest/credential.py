"""Which Secrets are gateway certificates, and for whom: a Gateway's `credentialName`, resolved.

Istio looks a bare name up in the namespace of the gateway's workload, not of the Gateway. Whether what is
in the Secret fits its hosts is not asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from meshtui.manifest.model import Gateway, ObjectKey, Secret, Server
from meshtui.manifest.workload import Workload

TLS = "kubernetes.io/tls"


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


@dataclass(frozen=True)
class Binding:
    """A gateway workload with a server that it is to open."""

    workload: Workload
    gateway: Gateway
    server: Server


def key_pair(secret: Secret) -> tuple[bytes, bytes] | None:
    """Certificate chain and private key (PEM) of a Secret, under the names that Istio takes; None if it lacks one.

    `cert` and `key` win over `tls.crt` and `tls.key`, whatever the Secret's type.
    """
    for certificate, key in (("cert", "key"), ("tls.crt", "tls.key")):
        if secret.data.get(certificate) and secret.data.get(key):
            return secret.data[certificate], secret.data[key]
    return None


def trusted_ca(secret: Secret) -> bytes | None:
    """Certificates (PEM) that clients of a MUTUAL server are checked against; `cacert` wins over `ca.crt`."""
    return secret.data.get("cacert") or secret.data.get("ca.crt") or None


def credentials(bindings: Iterable[Binding], secrets: Iterable[Secret]) -> tuple[Credential, ...]:
    """Every Secret that a binding refers to, there or not, and every other TLS Secret; sorted by name."""
    known = {(secret.namespace, secret.name): secret for secret in secrets}
    users: dict[tuple[str, str], list[Binding]] = {name: [] for name, secret in known.items() if secret.type == TLS}
    for binding in bindings:
        if binding.server.tls and binding.server.tls.credential_name:
            name = binding.workload.namespace, binding.server.tls.credential_name
            users.setdefault(name, []).append(binding)
    return tuple(_credential(name, known.get(name), users[name]) for name in sorted(users))


def _credential(name: tuple[str, str], secret: Secret | None, bindings: list[Binding]) -> Credential:
    ordered = sorted(bindings, key=lambda binding: binding.gateway.key)
    modes = (binding.server.tls.mode for binding in ordered if binding.server.tls)
    return Credential(
        namespace=name[0],
        name=name[1],
        secret=secret,
        gateways=_sorted_once(binding.gateway.key for binding in ordered),
        hosts=tuple(sorted({host for binding in ordered for host in binding.server.hosts})),
        tls_mode=next(modes, ""),
        workloads=tuple(sorted({binding.workload.target for binding in ordered})),
    )


def _sorted_once(keys: Iterator[ObjectKey]) -> tuple[ObjectKey, ...]:
    return tuple(sorted(set(keys)))
