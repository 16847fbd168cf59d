"""The certificate that the CA shows to its callers: renewed at half of its life, without a restart.

Its key never leaves memory. Made on the thread of the CA; TLS handshakes, on threads of gRPC, only read it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import grpc

from meshtui.ca.authority import Authority
from meshtui.ca.service import Clock
from meshtui.ca.validity import SERVER_LIMITS
from meshtui.identity.keys import key_pem, new_key

HOSTS = ("127.0.0.1", "localhost", "istiod.istio-system.svc", "istio-ca.istio-system.svc")
"""Istio's agents ask for `istiod.istio-system.svc` when the CA's address says localhost."""


class ServerCertificate:
    """What TLS is served with."""

    def __init__(self, authority: Authority, clock: Clock) -> None:
        """Makes the first certificate; raises StateError when it cannot be recorded."""
        self._authority = authority
        self._clock = clock
        self._served: grpc.ServerCertificateConfiguration | None = None
        self._current, self._renew_at = self._made()

    def renew_if_due(self) -> None:
        """Replace the certificate if half of its life is over; the old one stays when that fails.

        Raises StateError or RefusalError then.
        """
        if self._clock() >= self._renew_at:
            self._current, self._renew_at = self._made()

    def credentials(self) -> grpc.ServerCredentials:
        """For one attempt to bind a port; TLS 1.2 is the least that gRPC speaks."""
        self._served = self._current
        # its stubs do not know that None means: unchanged
        changed = cast(Callable[[], grpc.ServerCertificateConfiguration], self._changed)
        return grpc.dynamic_ssl_server_credentials(self._current, changed, require_client_authentication=False)

    def _changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Called by gRPC at every handshake: a new certificate, or None to go on with the one that it has."""
        current = self._current
        if current is self._served:
            return None
        self._served = current
        return current

    def _made(self) -> tuple[grpc.ServerCertificateConfiguration, datetime]:
        now = self._clock()
        key = new_key()
        chain = self._authority.own_server_certificate(key.public_key(), HOSTS, now)
        # the root is the callers' to have, not ours to send
        configuration = grpc.ssl_server_certificate_configuration([(key_pem(key), chain[0].encode())])
        return configuration, now + SERVER_LIMITS.default / 2
