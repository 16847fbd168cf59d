"""What stands behind a credential: hosts, Gateways and routes that fail when it does. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from meshtui.gateway.references import Listener
from meshtui.manifest.api_model import KubernetesGateway
from meshtui.manifest.model import Gateway, ObjectKey

Routes = Callable[[Gateway | KubernetesGateway], Mapping[ObjectKey, int]]
"""What leads through a Gateway, each with its number of routes."""


def reach(listeners: Iterable[Listener], routes: Routes) -> tuple[str, ...]:
    """One line for each: `host shop.example.com`, `Gateway edge/shop`, `VirtualService prod/shop (3 routes)`."""
    bindings = [listener.binding for listener in listeners]
    hosts = sorted({host for binding in bindings for host in binding.server.hosts})
    gateways = {binding.gateway.key: binding.gateway for binding in bindings}
    counts = {key: count for gateway in gateways.values() for key, count in routes(gateway).items()}
    return (
        *(f"host {host}" for host in hosts),
        *map(str, sorted(gateways)),
        *(f"{key} ({_count(counts[key], 'route')})" for key in sorted(counts)),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
