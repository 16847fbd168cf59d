"""Types of the generated gRPC code, for asyncio channels and servers: the only kind used here."""

from typing import Protocol

import grpc.aio

from meshtui.wire import istio_ca_pb2

class IstioCertificateServiceStub:
    """Client of the service."""

    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    CreateCertificate: grpc.aio.UnaryUnaryMultiCallable[
        istio_ca_pb2.IstioCertificateRequest, istio_ca_pb2.IstioCertificateResponse
    ]

class IstioCertificateServiceServicer(Protocol):
    """What answers the service."""

    async def CreateCertificate(  # noqa: N802 - named by the contract
        self,
        request: istio_ca_pb2.IstioCertificateRequest,
        context: grpc.aio.ServicerContext[istio_ca_pb2.IstioCertificateRequest, istio_ca_pb2.IstioCertificateResponse],
    ) -> istio_ca_pb2.IstioCertificateResponse:
        """Answer one call."""

def add_IstioCertificateServiceServicer_to_server(  # noqa: N802 - generated name
    servicer: IstioCertificateServiceServicer, server: grpc.aio.Server
) -> None:
    """Register `servicer` before the server starts."""
