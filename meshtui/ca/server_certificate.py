"""The certificate that the CA shows to its callers: renewed at half of its life, without a restart.

Its key never leaves memory. Made on the thread of the CA; TLS handshakes, on threads of gRPC, only read it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import grpc

from meshtui.ca.authority import Authority
from meshtui.ca.profile import CA_HOSTS
from meshtui.ca.service import Clock
from meshtui.ca.validity import BACKDATE, SERVER_LIMITS
from meshtui.identity.keys import key_pem, new_key


class ServerCertificate:
    """What TLS is served with, on any number of listeners."""

    def __init__(self, authority: Authority, clock: Clock) -> None:
        """Makes the first certificate; raises StateError when it cannot be recorded."""
        self._authority = authority
        self._clock = clock
        self._current, self._renew_at = self._made()

    def renew_if_due(self) -> None:
        """Replace the certificate if half of its life is over, or if it is not valid yet, by a clock that was set back.

        The old one stays when that fails. Raises StateError or RefusalError then.
        """
        now, half = self._clock(), SERVER_LIMITS.default / 2
        if now >= self._renew_at or now < self._renew_at - half - BACKDATE:
            self._current, self._renew_at = self._made()

    def credentials(self, client_roots: bytes = b"") -> grpc.ServerCredentials:
        """For one attempt to bind a port; TLS 1.2 is the least that gRPC speaks.

        With roots, PEM, every client must show a certificate that leads to one of them: gRPC for Python has no way
        to ask for a certificate and do without.
        """
        served = self._current

        def changed() -> grpc.ServerCertificateConfiguration | None:
            # called by gRPC at every handshake; None is: go on with what there is
            nonlocal served
            current = self._current
            if current is served:
                return None
            served = current
            return _configuration(current, client_roots)

        return grpc.dynamic_ssl_server_credentials(
            _configuration(served, client_roots),
            cast(Callable[[], grpc.ServerCertificateConfiguration], changed),  # its stubs do not know of None
            require_client_authentication=bool(client_roots),
        )

    def _made(self) -> tuple[tuple[bytes, bytes], datetime]:
        now = self._clock()
        key = new_key()
        chain = self._authority.own_server_certificate(key.public_key(), CA_HOSTS, now)
        # the roots are the callers' to have, not ours to send
        return (key_pem(key), "".join(chain[:-1]).encode()), now + SERVER_LIMITS.default / 2


def _configuration(pair: tuple[bytes, bytes], client_roots: bytes) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([pair], root_certificates=client_roots or None)
