"""Where the CA listens: TLS on the loopback interface for workloads, a Unix socket of the owner for gateways.

Workloads that renew by certificate have a port of their own. A gRPC server for each, because every port of one
server offers all of its services.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import grpc
import grpc.aio

from meshtui.ca.authority import Authority
from meshtui.ca.call_bounds import MAX_HEADERS, PATIENCE, BoundedCalls
from meshtui.ca.refusal import RefusalError
from meshtui.ca.server_certificate import ServerCertificate
from meshtui.ca.service import Clock, GatewayService, WorkloadService
from meshtui.ca.workload_handler import workload_handler
from meshtui.errors import StateError
from meshtui.settings import UNIX_PATH_MAX, private_directory
from meshtui.wire.gateway_authority_pb2_grpc import add_GatewayAuthorityServicer_to_server

HOST = "127.0.0.1"
MAX_CALLS = 256
"""At once; more are answered with RESOURCE_EXHAUSTED."""
MAX_WAITING = 12_000
"""Calls that wait for their turn; gRPC turns more away, and what has waited for 30 s.

From 1,000 on it would turn some away by chance. When ten thousand clients come back at once, each refusal costs as much
as half an answer, and the last of them are served in 34 s instead of 28."""
GRACE = 1.0
"""Seconds that running calls get at the end."""
LAST_WAIT = 1.0
"""Seconds that connections get after that: gRPC would wait for ever for a peer that sends and does not read."""

OPTIONS = [
    ("grpc.so_reuseport", 0),  # or two CAs would share a port without noticing
    ("grpc.max_receive_message_length", 64 * 1024),
    # between these two bounds gRPC refuses headers by chance
    ("grpc.max_metadata_size", MAX_HEADERS),
    ("grpc.absolute_max_metadata_size", MAX_HEADERS),
    ("grpc.server.max_pending_requests", MAX_WAITING),
    ("grpc.server.max_pending_requests_hard_limit", MAX_WAITING),
    ("grpc.max_concurrent_streams", 2 * MAX_CALLS),  # gRPC refuses streams that come before others are cleared away
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.http2.settings_timeout", 10_000),  # gRPC's bounds hold from when the peer acknowledges them
    # Istio's agents ping every 15 to 30 seconds, streams or not; gRPC's default would hang up on them
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # whoever does not take its answers keeps their places until its connection ends; honest calls are not cut off
    ("grpc.max_connection_age_ms", 30 * 60_000),
    ("grpc.max_connection_age_grace_ms", 30_000),
]


class CaServer:
    """All listeners, and the renewal of the server certificate."""

    mtls_port: int = 0
    """Where workloads renew by certificate; 0 when that is off."""

    def __init__(
        self,
        authority: Authority,
        clock: Clock,
        *,
        renewal_interval: float = 30.0,
        client_roots: bytes = b"",
        options: Sequence[tuple[str, int]] = OPTIONS,
        patience: float = PATIENCE,
    ) -> None:
        """`renewal_interval`: seconds between two looks at whether the server certificate is due.

        `client_roots`: PEM of the roots that certificates of clients must lead to, where they are taken at all.
        `options` of gRPC, and `patience`, seconds that a call may take to bring its message, bound what a
        connection may cost.
        """
        self._certificate = ServerCertificate(authority, clock)
        self._interval = renewal_interval
        self._workloads = grpc.aio.server(options=options, maximum_concurrent_rpcs=MAX_CALLS)
        self._gateways = grpc.aio.server(options=options, maximum_concurrent_rpcs=MAX_CALLS)
        self._renewals = grpc.aio.server(options=options, maximum_concurrent_rpcs=MAX_CALLS)
        self._client_roots = client_roots
        for server, asks in ((self._workloads, False), (self._renewals, True)):
            service = WorkloadService(authority, clock, asks_certificates=asks)
            handler = workload_handler(service, authority, clock)
            server.add_generic_rpc_handlers((BoundedCalls(handler, patience),))
        add_GatewayAuthorityServicer_to_server(GatewayService(authority, clock), self._gateways)
        self._renewal: asyncio.Task[None] | None = None

    async def start(self, port: int, gateway_socket: Path, mtls_port: int | None = None) -> int:
        """Serve; returns the port, which is another than `port` if that one is taken. Raises StateError.

        `mtls_port` is where workloads renew by certificate; None for nowhere.
        """
        found = self._bind(self._workloads, port)
        _bind_private(self._gateways, gateway_socket)
        if mtls_port is not None:
            if not self._client_roots:
                raise StateError("The CA has no roots that certificates of clients could lead to.")
            self.mtls_port = self._bind(self._renewals, mtls_port, self._client_roots)
            await self._renewals.start()
        await self._workloads.start()
        await self._gateways.start()
        self._renewal = asyncio.create_task(self._keep_renewed())
        return found

    async def stop(self) -> None:
        """Let running calls end, then close, in bounded time whatever the peers do."""
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
        servers = (self._workloads, self._renewals, self._gateways)
        await asyncio.wait([asyncio.create_task(server.stop(GRACE)) for server in servers], timeout=GRACE + LAST_WAIT)

    def _bind(self, server: grpc.aio.Server, port: int, client_roots: bytes = b"") -> int:
        for wanted in dict.fromkeys((port, 0)):
            try:
                return server.add_secure_port(f"{HOST}:{wanted}", self._certificate.credentials(client_roots))
            except RuntimeError:  # gRPC's word for a port that is taken
                continue
        raise StateError(f"No port on {HOST} is free.", fix="Stop what holds them.")

    async def _keep_renewed(self) -> None:
        while True:
            await asyncio.sleep(self._interval)
            try:
                self._certificate.renew_if_due()
            except (StateError, RefusalError) as error:
                sys.stderr.write(f"The CA's server certificate was not renewed: {error}\n")


def _bind_private(server: grpc.aio.Server, path: Path) -> None:
    """A socket with mode 0600 in a directory with mode 0700; one left by a killed process is replaced."""
    if len(os.fsencode(path)) > UNIX_PATH_MAX:
        raise StateError(f"The path of the socket {path} is longer than {UNIX_PATH_MAX} bytes.", fix="Use another.")
    private_directory(path.parent)
    try:
        server.add_insecure_port(f"unix:{path}")
        path.chmod(0o600)
    except (RuntimeError, OSError) as error:
        raise StateError(f"The socket {path} cannot be opened.", fix="Remove what is in its place.") from error
