"""Where a proxy's policies are enforced, as far as that changes what can be asked of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshtui.manifest.workload import Proxy, Workload
from meshtui.xds.context import ProxyContext


@dataclass(frozen=True, kw_only=True)
class Place:
    """A sidecar, which takes requests for one port from a Unix socket; or a gateway, which has addresses and ports."""

    trust_domain: str
    port: int | None
    """Of the workload, where that is known beforehand; None at a gateway."""
    ports: Mapping[int, int]
    """At a gateway: port in a pod → port on 127.0.0.1."""

    @classmethod
    def of(cls, workload: Workload, context: ProxyContext) -> Place:
        """Where the proxy of a workload stands."""
        if workload.proxy is Proxy.GATEWAY:
            return cls(trust_domain=context.trust_domain, port=None, ports=context.ports)
        return cls(trust_domain=context.trust_domain, port=workload.inbound_port, ports={})

    @property
    def has_addresses(self) -> bool:
        """Whether connections have addresses: those from a Unix socket have none."""
        return self.port is None
