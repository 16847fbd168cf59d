"""Where a gateway certificate is presented: which Envoys are to have it, and at which addresses they answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from meshtui.backends.embedded.desired import Desired
from meshtui.backends.embedded.ports import PortMap
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.gateway.credential import Credential
from meshtui.gateway.references import SecretRef
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
    """Each of its hosts with the address that answers for it; of two Gateways with one host the first answers."""
    found: list[tuple[str, Address]] = []
    for runtime in runtimes:
        for port in open_ports(catalog, runtime.workload, runtime.proxy_context({}, ports)):
            taken: set[str] = set()
            for listener in port.servers:
                hosts = set(listener.binding.server.hosts) - taken
                taken |= hosts
                if SecretRef(credential.namespace, credential.name) in listener.certificates:
                    found += [(host, Address(host="127.0.0.1", port=port.here)) for host in sorted(hosts)]
    return found


def no_credential(target: str, secret: Secret | None = None) -> Credential:
    """What is known of a gateway certificate to which nothing refers."""
    parsed = Target.parse(target)
    return Credential(namespace=parsed.namespace, name=parsed.name, secret=secret)
