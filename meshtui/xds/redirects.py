"""Redirects to a port of a gateway, which is another one on this machine.

The Gateway API says where a client is sent by scheme and port of the gateway's Service (443, 80); a client that
follows needs the loopback port that stands for it here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from meshtui.manifest.binding import Binding
from meshtui.manifest.hosts import covers
from meshtui.manifest.model import HttpRoute, Redirect

_UNWRITTEN = {("HTTP", 80), ("http", 80), ("HTTPS", 443), ("https", 443)}


@dataclass(frozen=True)
class Places:
    """The ports of a gateway workload and the hosts that it answers for on each, with the ports on 127.0.0.1."""

    here: Mapping[int, int]
    hosts: Mapping[int, frozenset[str]]

    @classmethod
    def of(cls, opened: Iterable[tuple[Binding, int]]) -> Places:
        """Of servers, each with its port on 127.0.0.1."""
        here: dict[int, int] = {}
        hosts: dict[int, frozenset[str]] = {}
        for binding, port in opened:
            here[binding.server.number] = port
            hosts[binding.server.number] = hosts.get(binding.server.number, frozenset()).union(binding.server.hosts)
        return cls(here, hosts)

    def placed(self, route: HttpRoute, protocol: str) -> HttpRoute:
        """The route with the real port in its redirect, if that is to the gateway itself. Sent on at `protocol`."""
        redirect = route.redirect
        if redirect is None or not redirect.port:
            return route
        return replace(route, redirect=replace(redirect, port=self._port(redirect, redirect.scheme or protocol)))

    def _port(self, redirect: Redirect, scheme: str) -> int:
        known = self.hosts.get(redirect.port, frozenset())
        if not redirect.authority or any(covers(host, redirect.authority) for host in known):
            return self.here.get(redirect.port, redirect.port)
        return 0 if (scheme, redirect.port) in _UNWRITTEN else redirect.port
