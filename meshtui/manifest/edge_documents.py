"""The Gateway and VirtualService that lead from a host to a Service: the least that a gateway certificate is of use to.

Pure; what they are made of is checked where documents are read, like everything that is applied.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meshtui.errors import UsageError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Gateway, ObjectKey, Service, VirtualService
from meshtui.manifest.workload import INJECT, Proxy

_NETWORKING = "networking.istio.io/v1"
_HTTPS = 443
_FORM = "NAMESPACE/SERVICE or NAMESPACE/SERVICE:PORT"


@dataclass(frozen=True)
class Route:
    """Where requests for the hosts of a certificate are to go."""

    namespace: str
    service: str
    port: int | None = None
    """None: the only port of the Service."""

    @classmethod
    def parse(cls, text: str) -> Route:
        """Read `NAMESPACE/SERVICE[:PORT]`; raises UsageError for anything else."""
        namespace, _, rest = text.partition("/")
        service, colon, port = rest.partition(":")
        if not namespace or not service or "/" in service or (colon and not _is_port(port)):
            raise UsageError(f"{text!r} is not a route.", fix=f"Write {_FORM}.")
        return cls(namespace, service, int(port) if port else None)


def edge_documents(
    catalog: Catalog, namespace: str, secret: str, hosts: Sequence[str], route: Route
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Gateway that presents the Secret for these hosts, and a VirtualService from it to the Service.

    Both are named as the Secret is and stand beside the Service. Raises UsageError when one of them is there already,
    when there is no such Service, or no gateway workload that could read the Secret.
    """
    service = catalog.get(ObjectKey(Service.kind, route.namespace, route.service))
    if not isinstance(service, Service):
        raise UsageError(f"There is no Service {route.namespace}/{route.service}.", fix="See: meshtui get Service")
    for kind in (Gateway.kind, VirtualService.kind):
        if catalog.get(ObjectKey(kind, route.namespace, secret)) is not None:
            raise UsageError(
                f"There is a {kind} {route.namespace}/{secret} already.",
                fix="Leave --route out, or apply what it is to be.",
            )
    _check_hosts(catalog, namespace, hosts)
    port = _port(service, route)
    server = {
        "port": {"number": _HTTPS, "name": f"https-{secret}", "protocol": "HTTPS"},
        "hosts": list(hosts),
        "tls": {"mode": "SIMPLE", "credentialName": secret},
    }
    destination = {"host": f"{route.service}.{route.namespace}.svc.cluster.local", "port": {"number": port}}
    return (
        _document(Gateway.kind, route, secret, {"selector": dict(_selector(catalog, namespace)), "servers": [server]}),
        _document(
            VirtualService.kind,
            route,
            secret,
            {"hosts": list(hosts), "gateways": [secret], "http": [{"route": [{"destination": destination}]}]},
        ),
    )


def _check_hosts(catalog: Catalog, namespace: str, hosts: Sequence[str]) -> None:
    for host in hosts:
        if _is_address(host):
            raise UsageError(
                f"{host} is an address: a gateway tells its hosts apart by name (SNI), and clients send none of those.",
                fix="Name a host.",
            )
        for binding in catalog.bindings():
            beside = binding.workload.namespace == namespace and binding.server.number == _HTTPS
            if beside and host in binding.server.hosts:
                raise UsageError(
                    f"{host} is answered by the {binding.gateway.key}, which is older and would keep it.",
                    fix="Choose another host, or take it out of that Gateway first.",
                )


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _port(service: Service, route: Route) -> int:
    numbers = [each.port for each in service.ports]
    if route.port is None and len(numbers) == 1:
        return numbers[0]
    if route.port not in numbers:
        said = f"has no port {route.port}" if route.port is not None else "has several ports"
        raise UsageError(f"The {service.key} {said}; it has {', '.join(map(str, numbers))}.", fix=f"Write {_FORM}.")
    return route.port


def _selector(catalog: Catalog, namespace: str) -> Mapping[str, str]:
    """Labels of the gateway workload that runs beside the Secret."""
    found = (each for each in catalog.workloads() if each.proxy is Proxy.GATEWAY and each.namespace == namespace)
    workload = next(found, None)
    if workload is None:
        raise UsageError(f"No gateway workload runs in namespace {namespace}.", fix="Name a Secret beside one.")
    istio = {name: value for name, value in workload.labels.items() if name == "istio"}
    return istio or {name: value for name, value in workload.labels.items() if name != INJECT}


def _document(kind: str, route: Route, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": route.namespace}
    return {"apiVersion": _NETWORKING, "kind": kind, "metadata": metadata, "spec": spec}


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < 65536
