"""Which loopback ports the gateways really listen on: the ones that are wanted, or free ones with a notice."""

from __future__ import annotations

import socket

HTTPS_TARGET = 8443
"""The targetPort of Istio's ingress gateway that `--gateway-port` replaces."""


class PortMap:
    """targetPort of a gateway's Service → port on 127.0.0.1. A port that was given once stays."""

    def __init__(self, https_port: int) -> None:
        """`https_port` 0 asks for free ports throughout."""
        self._https_port = https_port
        self._ports: dict[int, int] = {}
        self.notices: list[str] = []

    @property
    def ports(self) -> dict[int, int]:
        """All that were given."""
        return dict(self._ports)

    def give(self, target_port: int) -> int:
        """The real port for a targetPort."""
        if target_port not in self._ports:
            wanted = self._https_port if target_port == HTTPS_TARGET else target_port
            port = 0 if self._https_port == 0 else wanted
            if port and not _is_free(port):
                port = 0
            self._ports[target_port] = port or self._free()
            if not port and self._https_port:
                self.notices.append(f"Port {wanted} is taken, so the gateway uses {self._ports[target_port]} instead.")
        return self._ports[target_port]

    def _free(self) -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port: int = probe.getsockname()[1]
            if port not in self._ports.values():
                return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
