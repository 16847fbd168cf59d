"""Where a gateway certificate is presented: which Envoys are to have it, and at which addresses they answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from meshtui.backends.embedded.desired import Desired
from meshtui.backends.embedded.following import example_name
from meshtui.backends.embedded.ports import PortMap
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.gateway.credential import Credential
from meshtui.gateway.presented import Clients, presented_to
from meshtui.gateway.references import Listener, SecretRef
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Secret
from meshtui.mesh.targets import Target
from meshtui.probe.tls import Address
from meshtui.xds.gateway import open_ports

if TYPE_CHECKING:
    from meshtui.backends.embedded.credential import CredentialRuntime


class MeshEdge:
    """The edge of a mesh as it is now (`following.Edge`). A certificate that is gone is presented by nobody."""

    def __init__(
        self,
        workloads: Mapping[str, WorkloadRuntime],
        credentials: Mapping[str, CredentialRuntime],
        desired: Desired,
        ports: PortMap,
    ) -> None:
        self._workloads = workloads
        self._credentials = credentials
        self._desired = desired
        self._ports = ports

    def proxies(self, target: str) -> list[EnvoyProxy]:
        """The gateways' Envoys that are to present it."""
        return proxies_of(presenting(self._credential(target), self._workloads))

    def endpoints(self, target: str) -> list[tuple[str, Address]]:
        """Each of its hosts with the address that answers for it."""
        credential = self._credential(target)
        presenters = presenting(credential, self._workloads)
        return endpoints_of(credential, presenters, self._desired.catalog, self._ports.ports)

    def _credential(self, target: str) -> Credential:
        known = self._credentials.get(target)
        return known.credential if known is not None else no_credential(target)


def presenting(credential: Credential, workloads: Mapping[str, WorkloadRuntime]) -> list[WorkloadRuntime]:
    """The gateway workloads that present it and have an Envoy."""
    runtimes = map(workloads.get, credential.workloads)
    return [runtime for runtime in runtimes if runtime is not None and runtime.proxy is not None]


def proxies_of(runtimes: Iterable[WorkloadRuntime]) -> list[EnvoyProxy]:
    """Their Envoys."""
    return [runtime.proxy for runtime in runtimes if runtime.proxy is not None]


def endpoints_of(
    credential: Credential, runtimes: Iterable[WorkloadRuntime], catalog: Catalog, ports: Mapping[int, int]
) -> list[tuple[str, Address]]:
    """Each of its hosts with the address that answers for it; of two Gateways with one host the first answers.

    Where no client that can be made here gets to see it, beside another certificate of the same server, there is none.
    """
    own = SecretRef(credential.namespace, credential.name)
    found: list[tuple[str, Address]] = []
    for runtime in runtimes:
        for port in open_ports(catalog, runtime.workload, runtime.proxy_context({}, ports)):
            taken: set[str] = set()
            for listener in port.servers:
                hosts = set(listener.binding.server.hosts) - taken
                taken |= hosts
                if own in listener.certificates:
                    found += _endpoints(catalog, listener, own, sorted(hosts), port.here)
    return found


def _endpoints(
    catalog: Catalog, listener: Listener, own: SecretRef, hosts: list[str], port: int
) -> Iterator[tuple[str, Address]]:
    for host in hosts:
        clients = presented_to(catalog, listener, own, example_name(host))
        if clients is not Clients.NONE and _can_be_seen(listener, clients):
            yield host, Address(host="127.0.0.1", port=port, rsa_only=clients is Clients.RSA_ONLY)


def _can_be_seen(listener: Listener, clients: Clients) -> bool:
    """Whether a handshake of ours shows it.

    Only TLS 1.2 has cipher suites by which to say that RSA is wanted; and in TLS 1.2 a server that demands a
    certificate breaks off before the handshake is done.
    """
    tls = listener.binding.server.tls
    assert tls is not None  # it has certificates
    rsa = clients is Clients.RSA_ONLY
    if rsa and (tls.min_protocol_version == "TLSV1_3" or _only_ecdsa(tls.cipher_suites)):
        return False
    return not (tls.mode == "MUTUAL" and (rsa or tls.max_protocol_version == "TLSV1_2"))


def _only_ecdsa(cipher_suites: Sequence[str]) -> bool:
    return bool(cipher_suites) and all("ECDSA" in name for name in cipher_suites)


def no_credential(target: str, secret: Secret | None = None) -> Credential:
    """What is known of a gateway certificate to which nothing refers."""
    parsed = Target.parse(target)
    return Credential(namespace=parsed.namespace, name=parsed.name, secret=secret)
