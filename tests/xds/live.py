"""A mesh of real Envoys: gateway, httpbin and sleep of the demo mesh, fed with what `resources_of` computes."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.agent.sds_service import register_sds, secrets_of
from meshtui.envoy.binary import find_envoy
from meshtui.envoy.bootstrap import ProxySockets, bootstrap
from meshtui.envoy.process import EnvoyProcess, ProxyState, ProxyStatus
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.keys import PrivateKey, key_pem
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import load_demo
from meshtui.manifest.documents import parse
from meshtui.manifest.workload import Workload
from meshtui.probe.tls import Address, limit
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, Accepted, Resource, Verdict, content_version
from meshtui.wire.streams import DiscoveryServer, Distributor, Register
from meshtui.workloads.httpbin import Httpbin
from meshtui.xds.ads_service import register_ads
from meshtui.xds.context import ProxyContext
from meshtui.xds.resources import resources_of
from tests.identity import forge
from tests.manifest.secrets import tls_secret
from tests.manifest.writing import read

DEADLINE = 10.0
TRUST_DOMAIN = "cluster.local"
GATEWAY = "workload/istio-system/istio-ingressgateway"
HTTPBIN = "workload/prod/httpbin"
SLEEP = "workload/prod/sleep"


@dataclass
class Proxy:
    """One Envoy with its two servers."""

    context: ProxyContext
    ads: DiscoveryServer
    sds: DiscoveryServer
    process: EnvoyProcess


class LiveMesh:
    """Starts everything; `apply` and `remove` change the manifests of the running mesh."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.catalog = Catalog.of(load_demo())
        self.verdicts: list[Verdict] = []
        self._taken: dict[str, dict[tuple[str, str], str]] = {}
        self._judged = asyncio.Event()
        now = datetime.now(UTC)
        self.now = now
        self._valid: dict[str, Any] = {"start": now - timedelta(hours=1), "end": now + timedelta(days=1)}
        self.root = forge.ca("mesh root", **self._valid)
        self.edge_root = forge.ca("edge root", **self._valid)
        self.ports = {8080: free_port(), 8443: free_port()}
        self.proxies: dict[str, Proxy] = {}
        self.statuses: dict[str, list[ProxyStatus]] = {}
        self._app = Httpbin(self.path("app", HTTPBIN))
        self._ready = asyncio.Event()

    def path(self, purpose: str, target: str) -> Path:
        """Where a socket of a workload is."""
        return self.directory / f"{purpose}-{target.rpartition('/')[2]}"

    async def start(self) -> None:
        """Returns when all proxies are ready."""
        await self._app.start()
        self.apply(self.certificate("httpbin-credential", ["httpbin.example.com"]))
        for target in (GATEWAY, HTTPBIN, SLEEP):
            workload = self.catalog.workload(target)
            assert workload is not None
            self.proxies[target] = await self._proxy(workload)
        async with asyncio.timeout(DEADLINE):
            await self._ready.wait()

    async def stop(self) -> None:
        """Stop everything."""
        for proxy in self.proxies.values():
            await proxy.process.stop()
            await proxy.ads.stop()
            await proxy.sds.stop()
        await self._app.stop()

    def apply(self, text: str) -> None:
        """Change the manifests and tell every proxy."""
        self.catalog = self.catalog.apply(parse(text, "test"))
        self.publish()

    def publish(self) -> None:
        """Tell every proxy what it is to run."""
        for proxy in self.proxies.values():
            proxy.ads.publish(world(self.catalog, proxy.context))

    def put(self, *documents: dict[str, Any]) -> None:
        """Change all of these at once and tell every proxy."""
        self.catalog = self.catalog.apply(read(*documents))
        self.publish()

    async def enforce(self, catalog: Catalog) -> None:
        """Let these be the manifests; returns when every proxy has taken its clusters, listeners and rules."""
        self.catalog = catalog
        self.publish()
        async with asyncio.timeout(DEADLINE):
            while not all(map(self._took_all, self.proxies.values())):
                self._judged.clear()
                await self._judged.wait()

    def _took_all(self, proxy: Proxy) -> bool:
        taken = self._taken[proxy.context.target]
        wanted = world(self.catalog, proxy.context)
        listeners = wanted[LISTENER].values()
        rules = {each for listener in listeners for each in wanted.get(EXTENSION, {}) if asks_for(listener, each)}
        names = [(kind, name) for kind in (CLUSTER, LISTENER) for name in wanted[kind]]
        names += [(EXTENSION, name) for name in rules]
        return all(taken.get((kind, name)) == wanted[kind][name].version for kind, name in names)

    def _heard(self, target: str, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
        if isinstance(verdict, Accepted):
            self._taken.setdefault(target, {}).update(
                {(verdict.type_url, name): version for name, version in verdict.versions.items()}
            )
        self._judged.set()

    def certificate(self, name: str, hosts: list[str], key_of: forge.Pair | None = None) -> str:
        """The manifest of a new TLS Secret, with the key of another pair if there is one."""
        return json.dumps(tls_secret(name, self.leaf(hosts), key_of=key_of))

    def leaf(self, hosts: list[str], key: PrivateKey | None = None) -> forge.Pair:
        """A server's certificate of the gateway root."""
        return forge.server(self.edge_root, *hosts, key=key, **self._valid)

    def ca(self, name: str, issuer: forge.Pair | None = None) -> forge.Pair:
        """A CA of clients."""
        return forge.ca(name, issuer, **self._valid)

    def client_file(self, name: str, issuer: forge.Pair, *chain: forge.Pair) -> tuple[forge.Pair, Path]:
        """A client's certificate for its own name and spiffe://clients/NAME, and a file of it for curl and openssl."""
        names = x509.SubjectAlternativeName(
            [x509.DNSName(name), x509.UniformResourceIdentifier(f"spiffe://clients/{name}")]
        )
        return self.pair_file(name, forge.make([(names, False)], issuer=issuer, **self._valid), *chain)

    def pair_file(self, name: str, pair: forge.Pair, *chain: forge.Pair) -> tuple[forge.Pair, Path]:
        """A certificate with its key in one file, and the rest of its chain."""
        file = self.directory / f"{name}.pem"
        file.write_text(pair.pem + "".join(each.pem for each in chain) + key_pem(pair.key).decode())
        return pair, file

    def svid_file(self, account: str, trust_domain: str = TRUST_DOMAIN) -> tuple[forge.Pair, Path]:
        """An SVID of a service account of prod, signed by the mesh's root, and a file of it."""
        pair = forge.svid(self.root, [f"spiffe://{trust_domain}/ns/prod/sa/{account}"], **self._valid)
        return self.pair_file(f"{account}-of-{trust_domain}", pair)

    def new_identity(self, workload: Workload) -> None:
        """Its agent has an SVID, or a new one."""
        self.proxies[workload.target].sds.publish(secrets_of(self.svid(workload)))

    def no_identity(self, workload: Workload) -> None:
        """Its agent has nothing more to give to those who have not asked yet."""
        self.proxies[workload.target].sds.publish({})

    def svid(self, workload: Workload) -> Svid:
        """A new SVID of the mesh's root."""
        identity = SpiffeId.for_service_account(TRUST_DOMAIN, workload.namespace, workload.service_account)
        pair = forge.svid(self.root, [str(identity)], **self._valid)
        bundle = TrustBundle((self.root.certificate,))
        return Svid(identity, (pair.certificate,), key_pem(pair.key), bundle, datetime.now(UTC))

    def register(self, target: str) -> Register:
        """What the socket of a workload's proxy serves."""
        return register_ads

    async def _proxy(self, workload: Workload) -> Proxy:
        target = workload.target
        sockets = ProxySockets(
            ads=self.path("ads", target), sds=self.path("sds", target), admin=self.path("admin", target)
        )
        context = ProxyContext(
            target=target,
            trust_domain=TRUST_DOMAIN,
            inbound=self.path("in", target),
            outbound=self.path("out", target),
            app=self.path("app", target),
            inbound_of={other: self.path("in", other) for other in (HTTPBIN, SLEEP)},
            ports=self.ports,
        )
        heard = Distributor(lambda each: self._heard(target, each), lambda _: None)
        ads = DiscoveryServer(sockets.ads, self.register(target), heard)
        sds = DiscoveryServer(sockets.sds, register_sds, Distributor(lambda _: None, lambda _: None))
        ads.publish(world(self.catalog, context))
        sds.publish(secrets_of(self.svid(workload)))
        await ads.start()
        await sds.start()
        binary = find_envoy()
        assert binary is not None
        name = target.rpartition("/")[2]
        seen = self.statuses.setdefault(target, [])
        process = EnvoyProcess(
            binary, self.directory, name, bootstrap(target, name, sockets), lambda status: self._told(seen, status)
        )
        await process.start()
        return Proxy(context, ads, sds, process)

    def _told(self, seen: list[ProxyStatus], status: ProxyStatus) -> None:
        seen.append(status)
        if sum(each[-1].state is ProxyState.READY for each in self.statuses.values() if each) == 3:
            self._ready.set()

    def client(
        self, host: str = "httpbin.example.com", sni: str = "", *, rsa_only: bool = False
    ) -> http.client.HTTPSConnection:
        """A connection to the gateway's HTTPS port for one host."""
        context = ssl.create_default_context(cadata=self.edge_root.certificate.public_bytes(Encoding.PEM).decode())
        limit(context, Address(rsa_only=rsa_only))
        return _Https(self.ports[8443], host, sni or host, context)


class _Https(http.client.HTTPSConnection):
    """HTTPS to 127.0.0.1 under another name."""

    def __init__(self, port: int, host: str, sni: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=DEADLINE)
        self._own = context
        self._sni = sni

    def connect(self) -> None:
        """Connect, and shake hands as the other name."""
        plain = socket.create_connection(("127.0.0.1", self.port), DEADLINE)
        try:
            self.sock = self._own.wrap_socket(plain, server_hostname=self._sni)
        except BaseException:
            plain.close()
            raise


class Unix(http.client.HTTPConnection):
    """Plain HTTP over a Unix socket, with `host` as its Host header."""

    def __init__(self, path: Path, host: str) -> None:
        super().__init__(host, 80, timeout=DEADLINE)
        self._path = str(path)

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(client: http.client.HTTPConnection, path: str, host: str = "", *, keep: bool = False) -> Reply:
    """One GET in a thread; closes the connection unless it is to be kept."""

    def exchange() -> Reply:
        try:
            client.request("GET", path, headers={"Host": host} if host else {})
            answer = client.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            if not keep:
                client.close()

    return await asyncio.to_thread(exchange)


async def until(question: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until the answer is yes; fails at the deadline."""
    async with asyncio.timeout(DEADLINE):
        while not await question():
            pass


def asks_for(listener: Resource, name: str) -> bool:
    """Whether a listener has the filter of this name, whose configuration comes by itself."""
    filters = (each for chain in listener.message.filter_chains for each in chain.filters)
    return any(name.encode() in each.typed_config.value for each in filters)


def world(catalog: Catalog, context: ProxyContext) -> dict[str, dict[str, Resource]]:
    """Resources with their versions."""
    return {
        type_url: {name: Resource(content_version(message), message) for name, message in messages.items()}
        for type_url, messages in resources_of(catalog, context).items()
    }


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
