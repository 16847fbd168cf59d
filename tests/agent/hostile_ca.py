"""A CA on a real TLS gRPC port that answers as a test tells it to: rightly, wrongly, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
import grpc.aio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.identity.keys import PrivateKey, key_pem
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest, IstioCertificateResponse
from meshtui.wire.istio_ca_pb2_grpc import (
    IstioCertificateServiceServicer,
    add_IstioCertificateServiceServicer_to_server,
)
from tests.identity import forge

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class _Requested:
    """Stands where `forge` wants a private key of which it only needs the public half."""

    key: ec.EllipticCurvePublicKey

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self.key


Answer = Callable[["HostileCa", PrivateKey], Sequence[str]]
"""Makes `cert_chain` for the key of a CSR."""


class HostileCa(IstioCertificateServiceServicer):
    """Root → middle → leaf; `answer` or `status` says what callers get."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.root = self.ca("root")
        self.middle = self.ca("middle", self.root)
        self.answer: Answer = right
        self.status: grpc.StatusCode | None = None
        self.requests: list[tuple[IstioCertificateRequest, dict[str, Any]]] = []
        self._server = grpc.aio.server()
        self.port = 0

    async def start(self) -> None:
        """Listen on any free port, or on the one that it had before."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        add_IstioCertificateServiceServicer_to_server(self, self._server)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        own = forge.make([(names, False)], issuer=self.root, start=self.now - HOUR, end=self.now + HOUR)
        certificate = own.certificate.public_bytes(Encoding.PEM)
        credentials = grpc.ssl_server_credentials([(key_pem(own.key), certificate)])
        self.port = self._server.add_secure_port(f"localhost:{self.port}", credentials)
        await self._server.start()

    async def stop(self) -> None:
        """Hang up on everybody."""
        await self._server.stop(None)

    @property
    def address(self) -> str:
        """HOST:PORT."""
        return f"localhost:{self.port}"

    def ca(self, name: str, issuer: forge.Pair | None = None) -> forge.Pair:
        """A CA certificate that is valid now."""
        return forge.ca(name, issuer, start=self.now - HOUR, end=self.now + 48 * HOUR)

    def leaf(self, key: PrivateKey | None, issuer: forge.Pair | None = None, **more: Any) -> forge.Pair:
        """A right one for `key`, or wrong as `more` says."""
        dates = {"start": self.now - timedelta(minutes=2), "end": self.now + 24 * HOUR}
        return forge.svid(issuer or self.middle, key=key, **{**dates, **more})

    async def CreateCertificate(  # noqa: N802 - named by the contract
        self, request: IstioCertificateRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> IstioCertificateResponse:
        """Whatever the test wants."""
        self.requests.append((request, dict(context.invocation_metadata() or ())))
        if self.status is not None:
            await context.abort(self.status, "as the test wants it")
        key = x509.load_pem_x509_csr(request.csr.encode()).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return IstioCertificateResponse(cert_chain=self.answer(self, cast(PrivateKey, _Requested(key))))


def right(ca: HostileCa, key: PrivateKey) -> Sequence[str]:
    """As Istio's CA answers."""
    return [ca.leaf(key).pem, ca.middle.pem, ca.root.pem]


OTHER_NAME = "spiffe://cluster.local/ns/prod/sa/sleep"
LIES: dict[str, Answer] = {
    "an empty chain": lambda _ca, _key: [],
    "only a root": lambda ca, _key: [ca.root.pem],
    "a leaf without a root": lambda ca, key: [ca.leaf(key).pem],
    "a leaf for another key": lambda ca, _key: [ca.leaf(None).pem, ca.middle.pem, ca.root.pem],
    "a leaf for another name": lambda ca, key: [ca.leaf(key, uris=[OTHER_NAME]).pem, ca.middle.pem, ca.root.pem],
    "a leaf for two names": lambda ca, key: [
        ca.leaf(key, uris=[forge.HTTPBIN, OTHER_NAME]).pem,
        ca.middle.pem,
        ca.root.pem,
    ],
    "a leaf that has expired": lambda ca, key: [ca.leaf(key, end=ca.now - HOUR / 60).pem, ca.middle.pem, ca.root.pem],
    "a leaf from the future": lambda ca, key: [ca.leaf(key, start=ca.now + HOUR).pem, ca.middle.pem, ca.root.pem],
    "a leaf for longer than asked": lambda ca, key: [
        ca.leaf(key, end=ca.now + 47 * HOUR).pem,
        ca.middle.pem,
        ca.root.pem,
    ],
    "an unordered chain": lambda ca, key: [ca.middle.pem, ca.leaf(key).pem, ca.root.pem],
    "a chain with a gap": lambda ca, key: [ca.leaf(key).pem, ca.root.pem],
    "garbage between the blocks": lambda ca, key: [ca.leaf(key).pem + "garbage\n", ca.middle.pem, ca.root.pem],
    "garbage in the place of a block": lambda ca, key: [ca.leaf(key).pem, "garbage", ca.root.pem],
    "a stranger's root": lambda ca, key: [ca.leaf(key).pem, ca.middle.pem, ca.ca("root").pem],
    "the leaf in the place of the root": lambda ca, key: [ca.leaf(key).pem, ca.middle.pem, ca.leaf(key).pem],
    "a megabyte of roots": lambda ca, key: [ca.leaf(key).pem, ca.middle.pem, ca.root.pem * 1500],
}
