"""Types of the generated gRPC code, for asyncio channels and servers: the only kind used here."""

from typing import Protocol

import grpc.aio

from meshtui.wire import gateway_authority_pb2

class GatewayAuthorityStub:
    """Client of the service."""

    def __init__(self, channel: grpc.aio.Channel) -> None: ...
    SignServerCertificate: grpc.aio.UnaryUnaryMultiCallable[
        gateway_authority_pb2.SignServerCertificateRequest, gateway_authority_pb2.SignServerCertificateResponse
    ]

class GatewayAuthorityServicer(Protocol):
    """What answers the service."""

    async def SignServerCertificate(  # noqa: N802 - named by the contract
        self,
        request: gateway_authority_pb2.SignServerCertificateRequest,
        context: grpc.aio.ServicerContext[
            gateway_authority_pb2.SignServerCertificateRequest, gateway_authority_pb2.SignServerCertificateResponse
        ],
    ) -> gateway_authority_pb2.SignServerCertificateResponse:
        """Answer one call."""

def add_GatewayAuthorityServicer_to_server(  # noqa: N802 - generated name
    servicer: GatewayAuthorityServicer, server: grpc.aio.Server
) -> None:
    """Register `servicer` before the server starts."""
