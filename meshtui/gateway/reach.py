"""What stands behind a credential: hosts, Gateways and routes that fail when it does. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from meshtui.gateway.references import Listener
from meshtui.manifest.model import VirtualService

Routes = Callable[[str], Iterable[VirtualService]]
"""The VirtualServices that name a Gateway, `NAMESPACE/NAME`."""


def reach(listeners: Iterable[Listener], routes: Routes) -> tuple[str, ...]:
    """One line for each: `host shop.example.com`, `Gateway edge/shop`, `VirtualService prod/shop (3 routes)`."""
    bindings = [listener.binding for listener in listeners]
    hosts = sorted({host for binding in bindings for host in binding.server.hosts})
    gateways = sorted({binding.gateway.key for binding in bindings})
    services = {service.key: service for key in gateways for service in routes(f"{key.namespace}/{key.name}")}
    return (
        *(f"host {host}" for host in hosts),
        *map(str, gateways),
        *(f"{key} ({_count(len(services[key].http), 'route')})" for key in sorted(services)),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
