"""Gets SVIDs from a CA that speaks Istio's contract, over TLS. The only way that an agent meets a CA."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import grpc
import grpc.aio

from meshtui.agent import status
from meshtui.agent.client_pair import ClientPair
from meshtui.identity.csr import make_csr
from meshtui.identity.keys import PrivateKey
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid, svid_from_response
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub

DEADLINE = 10.0
"""Seconds for one call."""


class CaClient:
    """One connection to a CA, shared by all agents of a process; each call carries its caller's own token."""

    def __init__(
        self,
        address: str,
        root_pem: bytes,
        clock: Callable[[], datetime],
        *,
        pair: ClientPair | None = None,
        server_name: str = "",
    ) -> None:
        """`address` is HOST:PORT, `root_pem` what verifies the CA's server, as `server_name` if that is not HOST.

        With a `pair` the connection is its holder's, and no other agent's.
        """
        self.address = address
        self._clock = clock
        self._channel = grpc.aio.secure_channel(
            address,
            grpc.ssl_channel_credentials(
                root_certificates=root_pem,
                private_key=pair.private_key_pem if pair else None,
                certificate_chain=pair.chain_pem if pair else None,
            ),
            options=[*status.CHANNEL, *([("grpc.ssl_target_name_override", server_name)] if server_name else [])],
        )
        self._stub = IstioCertificateServiceStub(self._channel)

    async def fetch_svid(self, key: PrivateKey, spiffe_id: SpiffeId, token: str, lifetime: timedelta | None) -> Svid:
        """Ask for a certificate on `key`, and check what comes back before anyone uses it.

        `token` is empty where the connection's certificate is the credential; `lifetime` None leaves it to the CA.
        Raises UnreachableError (try again), RefusedError (the CA said no) or IdentityError (what it sent cannot be
        used).
        """
        request = IstioCertificateRequest(
            csr=make_csr(key, spiffe_id), validity_duration=int(lifetime.total_seconds()) if lifetime else 0
        )
        credential = (("authorization", f"Bearer {token}"),) if token else ()
        try:
            response = await self._stub.CreateCertificate(request, timeout=DEADLINE, metadata=credential)
        except grpc.aio.AioRpcError as error:
            raise status.as_error(error, f"the CA at {self.address}") from error
        return svid_from_response(tuple(response.cert_chain), key, spiffe_id, self._clock(), lifetime)

    async def close(self) -> None:
        """Drop the connection."""
        await self._channel.close(None)
