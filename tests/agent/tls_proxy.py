"""A real Envoy with listeners whose secrets all come from an SDS server of ours, and clients with certificates."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509

from meshtui.agent.sds_service import BUNDLE, bundle, key_pair, register_sds
from meshtui.envoy.bootstrap import SDS_CLUSTER, ProxySockets, bootstrap
from meshtui.envoy.http import get
from meshtui.envoy.process import EnvoyProcess, ProxyState
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.facts import serial_text
from meshtui.identity.keys import key_pem, new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from meshtui.wire.discovery import SECRET, Accepted, Rejected, Resource, Verdict
from meshtui.wire.streams import DiscoveryServer, Distributor
from tests.envoy.proxies import Statuses, envoy
from tests.identity import forge

DEADLINE = 10.0
TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
HTTP = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"


class Authority:
    """One root, valid today."""

    def __init__(self, name: str = "root") -> None:
        now = datetime.now(UTC)
        self._valid: dict[str, Any] = {"start": now - timedelta(hours=1), "end": now + timedelta(days=1)}
        self.root = forge.ca(name, **self._valid)

    @property
    def roots(self) -> bytes:
        """As PEM."""
        return self.root.pem.encode()

    def svid(self, kind: str = "EC P-256") -> Svid:
        """A new one, on a new key."""
        pair = forge.svid(self.root, key=new_key(kind), **self._valid)
        bundle_of = TrustBundle((self.root.certificate,))
        return Svid(SpiffeId.parse(forge.HTTPBIN), (pair.certificate,), key_pem(pair.key), bundle_of, datetime.now(UTC))

    def client(self, directory: Path) -> ssl.SSLContext:
        """For a caller that presents a certificate of this root, and trusts this root."""
        context = self.stranger()
        svid = self.svid()
        file = directory / f"client-{svid.facts.serial}.pem"
        file.write_bytes(svid.chain_pem + svid.private_key_pem)
        context.load_cert_chain(file)
        return context

    def stranger(self) -> ssl.SSLContext:
        """For a caller without a certificate."""
        context = ssl.create_default_context(cadata=self.root.pem)
        context.check_hostname = False
        return context


class Agent:
    """The SDS server of one proxy, what it serves, and what it heard."""

    def __init__(self, socket: Path) -> None:
        self.verdicts: list[Verdict] = []
        self.streams = 0
        self._socket = socket
        self._news = asyncio.Event()
        self._secrets: dict[str, Resource] = {}
        self._server = self._new_server()

    async def start(self) -> None:
        """Listen."""
        self._server.publish({SECRET: dict(self._secrets)})
        await self._server.start()

    async def stop(self) -> None:
        """End all streams; what a start serves after it has forgotten everything but the secrets."""
        await self._server.stop()
        self._server = self._new_server()

    def serve(self, **secrets: Svid | bytes) -> None:
        """Key pairs, and as bytes bundles; what is not named stays as it is."""
        for name, secret in secrets.items():
            self._secrets[name] = bundle(name, secret) if isinstance(secret, bytes) else key_pair(name, secret)
        self._server.publish({SECRET: dict(self._secrets)})

    async def accepted(self, version: str) -> None:
        """Until Envoy acknowledges this version of something."""
        await self._until(
            lambda: any(isinstance(each, Accepted) and version in each.versions.values() for each in self.verdicts)
        )

    async def rejected(self, version: str) -> Rejected:
        """Until Envoy refuses this version of something."""

        def found() -> list[Rejected]:
            return [e for e in self.verdicts if isinstance(e, Rejected) and version in e.versions.values()]

        await self._until(lambda: bool(found()))
        return found()[0]

    async def connected(self, streams: int) -> None:
        """Until there are this many streams."""
        await self._until(lambda: self.streams == streams)

    async def _until(self, question: Any) -> None:
        async with asyncio.timeout(DEADLINE):
            while not question():
                self._news.clear()
                await self._news.wait()

    def _new_server(self) -> DiscoveryServer:
        return DiscoveryServer(self._socket, register_sds, Distributor(self._judged, self._counted))

    def _judged(self, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
        self._news.set()

    def _counted(self, streams: int) -> None:
        self.streams = streams
        self._news.set()


class TlsProxy:
    """An Envoy that answers 200 to whoever has a certificate; `listeners` name the key pairs that each presents."""

    def __init__(self, directory: Path, listeners: dict[str, Sequence[str]], *, wait: str = "0s") -> None:
        """`wait` is how long Envoy waits for a listener's secrets at the start; 0 for ever."""
        self.directory = directory
        self.agent = Agent(directory / "sds")
        self.statuses = Statuses()
        sockets = ProxySockets(ads=directory / "ads", sds=directory / "sds", admin=directory / "admin")
        configuration = bootstrap("sds-test", "sds-test", sockets)
        del configuration["dynamic_resources"]
        configuration["static_resources"]["listeners"] = [
            self._listener(name, names, wait) for name, names in listeners.items()
        ]
        self.process = EnvoyProcess(envoy(), directory, "proxy", configuration, self.statuses)

    async def start(self) -> None:
        """Start the agent, then Envoy."""
        await self.agent.start()
        await self.process.start()

    async def ready(self) -> int:
        """Wait until Envoy takes connections; returns its process id."""
        return (await self.statuses.until(lambda status: status.state is ProxyState.READY)).pid

    async def stop(self) -> None:
        """Stop both."""
        await self.process.stop()
        await self.agent.stop()

    async def connect(self, context: ssl.SSLContext, listener: str = "one") -> Connection:
        """Shake hands. Raises ssl.SSLError and OSError."""
        async with asyncio.timeout(DEADLINE):
            # without SNI: with one that no certificate has, Envoy looks at its first certificate only
            reader, writer = await asyncio.open_unix_connection(
                self.directory / listener, ssl=context, server_hostname=""
            )
        return Connection(reader, writer)

    async def presented(self, context: ssl.SSLContext, listener: str = "one") -> str:
        """The serial number that a new connection is shown, after a request on it was answered."""
        connection = await self.connect(context, listener)
        try:
            await connection.get()
            return connection.serial
        finally:
            await connection.close()

    async def rebuilt(self) -> int:
        """How often a listener's TLS context was made anew because a secret changed."""
        answer = await get(self.directory / "admin", "/stats?format=json&filter=ssl_context_update_by_sds")
        return sum(stat["value"] for stat in msgspec.json.decode(answer.body)["stats"])

    def _listener(self, name: str, pairs: Sequence[str], wait: str) -> dict[str, Any]:
        tls = {
            "@type": TLS,
            "require_client_certificate": True,
            "common_tls_context": {
                "tls_certificate_sds_secret_configs": [_by_sds(pair, wait) for pair in pairs],
                "validation_context_sds_secret_config": _by_sds(BUNDLE, wait),
            },
        }
        everything = {"match": {"prefix": "/"}, "direct_response": {"status": 200}}
        http = {
            "@type": HTTP,
            "stat_prefix": name,
            "route_config": {"virtual_hosts": [{"name": "any", "domains": ["*"], "routes": [everything]}]},
            "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
        }
        return {
            "name": name,
            "address": {"pipe": {"path": str(self.directory / name)}},
            "filter_chains": [
                {
                    "transport_socket": {"name": "tls", "typed_config": tls},
                    "filters": [{"name": "http", "typed_config": http}],
                }
            ],
        }


class Connection:
    """One TLS connection that is kept alive."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def serial(self) -> str:
        """Of the certificate that the proxy presented, as Svid.facts has it."""
        return serial_text(x509.load_der_x509_certificate(self._certificate).serial_number)

    @property
    def _certificate(self) -> bytes:
        der: bytes = self._writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return der

    async def get(self) -> None:
        """One request. Raises OSError, EOFError, and ValueError when the answer is not 200."""
        async with asyncio.timeout(DEADLINE):
            self._writer.write(b"GET / HTTP/1.1\r\nHost: any\r\n\r\n")
            head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ValueError(head.decode())

    async def close(self) -> None:
        """Close it."""
        self._writer.close()
        await self._writer.wait_closed()


def _by_sds(name: str, wait: str) -> dict[str, Any]:
    source = {
        "api_type": "GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": SDS_CLUSTER}}],
    }
    return {
        "name": name,
        "sds_config": {"resource_api_version": "V3", "initial_fetch_timeout": wait, "api_config_source": source},
    }
