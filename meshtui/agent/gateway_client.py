"""Gets gateway certificates: makes the key and the CSR here, has them signed, and checks what comes back.

The counterpart of `ca_client` for what has host names instead of a workload identity.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import grpc
import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.agent import status
from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.csr import make_csr
from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import key_pem, new_key, public_key_sha256
from meshtui.identity.verify import verify_chain, verify_host, verify_key, verify_lifetime
from meshtui.wire.gateway_authority_pb2 import SignServerCertificateRequest
from meshtui.wire.gateway_authority_pb2_grpc import GatewayAuthorityStub

_DEADLINE = 10.0


@dataclass(frozen=True)
class KeyPair:
    """A gateway's certificate and key, as they go into a `kubernetes.io/tls` Secret."""

    chain: tuple[x509.Certificate, ...]
    """Leaf first, without the root."""
    private_key_pem: bytes = field(repr=False)

    @property
    def chain_pem(self) -> bytes:
        """For `tls.crt`."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)


class GatewayClient:
    """One connection to the CA's Unix socket for gateway certificates."""

    def __init__(self, socket: str) -> None:
        self._channel = grpc.aio.insecure_channel(f"unix:{socket}", options=status.CHANNEL)
        self._stub = GatewayAuthorityStub(self._channel)

    async def issue(
        self,
        *,
        authority: str,
        hosts: Sequence[str],
        key_kind: str,
        lifetime: timedelta | None,
        target: str,
        actor: str,
        now: datetime,
    ) -> KeyPair:
        """A new key of `key_kind` and a certificate on it for `hosts`, signed by `authority`: a gateway root, or
        `mesh/ca`.

        `lifetime` None leaves it to the CA. Raises UnreachableError, RefusedError or IdentityError.
        """
        # an RSA key takes up to seconds, in which others are not to wait
        key = await asyncio.to_thread(new_key, key_kind) if key_kind.startswith("RSA") else new_key(key_kind)
        request = SignServerCertificateRequest(
            authority=authority,
            csr=make_csr(key),
            hosts=hosts,
            validity_duration_seconds=int(lifetime.total_seconds()) if lifetime else 0,
            target=target,
            actor=actor,
        )
        try:
            response = await self._stub.SignServerCertificate(request, timeout=_DEADLINE)
        except grpc.aio.AioRpcError as error:
            raise status.as_error(error, "the CA") from error
        if len(response.cert_chain) < 2:
            raise IdentityError(f"The CA answered with {len(response.cert_chain)} parts, not with a leaf and a root.")
        *chain_pems, root_pem = response.cert_chain
        chain = tuple(certificate for pem in chain_pems for certificate in load_certificates(pem))
        verify_key(chain[0], public_key_sha256(key.public_key()))
        verify_chain(chain, TrustBundle.parse(root_pem), now)
        verify_lifetime(chain[0], now)
        for host in hosts:
            verify_host(chain[0], host)
        return KeyPair(chain, key_pem(key))

    async def close(self) -> None:
        """Drop the connection."""
        await self._channel.close(None)
