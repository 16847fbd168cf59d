"""The same call with the same sizes and nothing done: what gRPC for Python leaves room for. `-m tests.bench.echo`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
from cryptography.hazmat.primitives.hashes import SHA256

from meshtui.ca.profile import mesh_root_subject, root_builder, server_profile
from meshtui.ca.server import OPTIONS
from meshtui.ca.validity import Validity
from meshtui.identity.keys import key_pem, new_key
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest, IstioCertificateResponse
from meshtui.wire.istio_ca_pb2_grpc import (
    IstioCertificateServiceServicer,
    add_IstioCertificateServiceServicer_to_server,
)


class Echo(IstioCertificateServiceServicer):
    """Answers at once."""

    async def CreateCertificate(  # noqa: N802 - named by the contract
        self, request: IstioCertificateRequest, context: object
    ) -> IstioCertificateResponse:
        return IstioCertificateResponse(cert_chain=("x" * 850, "x" * 700))


async def main() -> None:
    """Print the port and the root in hexadecimal, then serve until standard input ends."""
    now, key = datetime.now(UTC), new_key()
    root = root_builder(mesh_root_subject("echo"), key.public_key(), 1, now).sign(key, SHA256())
    leaf_key = new_key()
    validity = Validity(now - timedelta(minutes=2), now + timedelta(hours=1), "request")
    leaf = server_profile(["127.0.0.1"]).builder(leaf_key.public_key(), 2, validity, root).sign(key, SHA256())
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    server = grpc.aio.server(options=OPTIONS)
    add_IstioCertificateServiceServicer_to_server(Echo(), server)
    credentials = grpc.ssl_server_credentials([(key_pem(leaf_key), leaf.public_bytes(Encoding.PEM))])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    print(port, root.public_bytes(Encoding.PEM).hex(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


if __name__ == "__main__":
    asyncio.run(main())
