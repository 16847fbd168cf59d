"""One real Envoy that enforces: a sidecar or a gateway, fed with what `resources_of` computes of policies as values."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from meshtui.agent.sds_service import register_sds, secrets_of
from meshtui.envoy.binary import find_envoy
from meshtui.envoy.bootstrap import ProxySockets, bootstrap
from meshtui.envoy.process import EnvoyProcess, ProxyState, ProxyStatus
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.keys import key_pem
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import load_demo
from meshtui.manifest.model import Manifest
from meshtui.manifest.policy_model import Policy
from meshtui.wire.discovery import EXTENSION, LISTENER, Rejected, Resource, Verdict, World, content_version
from meshtui.wire.streams import DiscoveryServer, Distributor
from meshtui.xds.ads_service import register_ads
from meshtui.xds.context import ProxyContext
from meshtui.xds.extensions import ENFORCED
from meshtui.xds.http import HttpConnectionManager
from meshtui.xds.resources import resources_of
from tests.enforcement.calls import DEADLINE, Answer, App, Connection, client_context
from tests.enforcement.judging import Asked
from tests.identity import forge
from tests.policy.authorizing import TRUST_DOMAIN, identity
from tests.xds.live import free_port

HTTPBIN = "workload/prod/httpbin"
GATEWAY = "workload/istio-system/istio-ingressgateway"
SLEEP = identity("sleep")
PORT = 8080
_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"


class RefusedError(AssertionError):
    """Envoy did not take a configuration."""


class EnforcingProxy:
    """`put` policies, `connect` as anybody."""

    def __init__(
        self,
        directory: Path,
        target: str = HTTPBIN,
        *,
        beside: Sequence[Manifest] = (),
        trust_domain: str = TRUST_DOMAIN,
    ) -> None:
        """`beside` stand in the mesh besides what is `put`."""
        self.directory = directory
        self.ports = {8080: free_port(), 8443: free_port()}
        self.trust_domain = trust_domain
        self._context = ProxyContext(
            target=target,
            trust_domain=trust_domain,
            inbound=directory / "in",
            outbound=directory / "out",
            app=directory / "app",
            inbound_of={HTTPBIN: directory / "in"},
            ports=self.ports,
        )
        # in plaintext too: the mesh-wide STRICT of the demo stays out
        self._demo = Catalog.of(each for each in load_demo() if not isinstance(each, Policy)).apply(beside)
        now = datetime.now(UTC)
        self._valid: dict[str, Any] = {"start": now - timedelta(hours=1), "end": now + timedelta(days=1)}
        self.root = forge.ca("mesh root", **self._valid)
        self._app = App(directory / "app")
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._connections: dict[tuple[str, str], Connection] = {}
        self._heard = asyncio.Condition()
        self._accepted: dict[tuple[str, str], str] = {}
        self._rejected: dict[tuple[str, str], tuple[str, str]] = {}
        self._ready = asyncio.Event()
        sockets = ProxySockets(ads=directory / "ads", sds=directory / "sds", admin=directory / "admin")
        self._ads = DiscoveryServer(sockets.ads, register_ads, Distributor(self._on_verdict, lambda _: None))
        self._sds = DiscoveryServer(sockets.sds, register_sds, Distributor(lambda _: None, lambda _: None))
        binary = find_envoy()
        assert binary is not None
        self.process = EnvoyProcess(binary, directory, "proxy", bootstrap(target, "proxy", sockets), self._on_process)
        self.world: World = {}
        self._hearing: set[asyncio.Task[None]] = set()

    async def start(self, *objects: Manifest) -> None:
        """Returns when it is ready, enforcing these."""
        await self._app.start()
        self.publish(objects)
        self._sds.publish(secrets_of(self._svid()))
        await self._ads.start()
        await self._sds.start()
        await self.process.start()
        async with asyncio.timeout(DEADLINE):
            await self._ready.wait()
        await self.taken()

    async def stop(self) -> None:
        """Stop everything."""
        for connection in self._connections.values():
            await connection.close()
        await self.process.stop()
        await self._ads.stop()
        await self._sds.stop()
        await self._app.stop()

    def publish(self, objects: Iterable[Manifest]) -> None:
        """Tell it that these stand beside the demo mesh, and nothing else."""
        catalog = self._demo.apply(dated(objects))
        self.world = {
            type_url: {
                name: Resource(content_version(message), message)
                for name, message in _telling(type_url, messages).items()
            }
            for type_url, messages in resources_of(catalog, self._context).items()
        }
        self._ads.publish(self.world)

    async def put(self, *objects: Manifest) -> None:
        """Returns when it enforces exactly these. Raises RefusedError in Envoy's words."""
        self.publish(objects)
        await self.taken()

    async def taken(self) -> None:
        """Wait until every extension of the current world is in force. Raises RefusedError."""
        async with asyncio.timeout(DEADLINE), self._heard:
            await self._heard.wait_for(self._judged)
        for name, resource in self._enforced():
            version, reason = self._rejected.get((EXTENSION, name), ("", ""))
            if version == resource.version:
                raise RefusedError(reason)

    async def ask(self, *asked: Asked) -> list[Answer]:
        """Answers to requests, in their order; those of one client go over one connection that stays open."""
        answers: dict[int, Answer] = {}
        by_client: dict[tuple[str, str], list[int]] = {}
        for index, each in enumerate(asked):
            by_client.setdefault((each.principal, each.sni), []).append(index)
        for (principal, sni), indices in by_client.items():
            connection = self._connections.get((principal, sni)) or await self.connect(principal, sni)
            self._connections[principal, sni] = connection
            found = await connection.send([asked[index].call for index in indices])
            answers |= dict(zip(indices, found, strict=True))
        return [answers[index] for index in range(len(asked))]

    async def connect(self, principal: str = SLEEP, sni: str = "") -> Connection:
        """A connection to the sidecar of who has this SPIFFE ID; in plaintext for the empty one."""
        if not principal:
            return await Connection.over_unix(self.directory / "in", None)
        return await Connection.over_unix(self.directory / "in", self.client_context(principal), sni)

    def client_context(self, principal: str) -> ssl.SSLContext:
        """With a certificate of the mesh for a SPIFFE ID."""
        if principal not in self._contexts:
            pair = forge.svid(self.root, [principal], **self._valid)
            self._contexts[principal] = client_context(self.directory, self.root, pair)
        return self._contexts[principal]

    def _judged(self) -> bool:
        return all(
            resource.version in (self._accepted.get((EXTENSION, name)), self._rejected.get((EXTENSION, name), ("",))[0])
            for name, resource in self._enforced()
        )

    def _enforced(self) -> list[tuple[str, Resource]]:
        return [(name, self.world[EXTENSION][name]) for name in ENFORCED]

    def _svid(self) -> Svid:
        identity = SpiffeId.for_service_account(self.trust_domain, "prod", "httpbin")
        pair = forge.svid(self.root, [str(identity)], **self._valid)
        bundle = TrustBundle((self.root.certificate,))
        return Svid(identity, (pair.certificate,), key_pem(pair.key), bundle, datetime.now(UTC))

    def _on_process(self, status: ProxyStatus) -> None:
        if status.state is ProxyState.READY:
            self._ready.set()

    def _on_verdict(self, verdict: Verdict) -> None:
        for name, version in verdict.versions.items():
            if isinstance(verdict, Rejected):
                self._rejected[verdict.type_url, name] = version, verdict.reason
                self._accepted.pop((verdict.type_url, name), None)
            else:
                self._accepted[verdict.type_url, name] = version
                self._rejected.pop((verdict.type_url, name), None)
        task = asyncio.get_running_loop().create_task(self._tell())
        self._hearing.add(task)
        task.add_done_callback(self._hearing.discard)

    async def _tell(self) -> None:
        async with self._heard:
            self._heard.notify_all()


def dated(objects: Iterable[Manifest]) -> list[Manifest]:
    """Each older than the next, as if applied one after the other."""
    return [
        replace(each, created_at=f"2026-01-01T00:00:{number:02}+00:00") if isinstance(each, Policy) else each
        for number, each in enumerate(objects)
    ]


def _telling(type_url: str, messages: Any) -> dict[str, Any]:
    """Listeners that tell in headers what access logs tell: why Envoy answered itself, and what filters found."""
    if type_url != LISTENER:
        return dict(messages)
    return {name: _with_headers(message) for name, message in messages.items()}


def _with_headers(listener: Any) -> Any:
    told = type(listener)()
    told.CopyFrom(listener)
    for chain in told.filter_chains:
        for each in chain.filters:
            manager = HttpConnectionManager()
            if each.name != _CONNECTION_MANAGER or not each.typed_config.Unpack(manager):
                continue
            mapper = manager.local_reply_config.mappers.add()
            mapper.filter.status_code_filter.comparison.value.default_value = 400
            mapper.filter.status_code_filter.comparison.value.runtime_key = "none"
            mapper.filter.status_code_filter.comparison.op = 1
            mapper.headers_to_add.add(header={"key": "x-details", "value": "%RESPONSE_CODE_DETAILS%"})
            for host in manager.route_config.virtual_hosts:
                for key, namespace in (("x-metadata", "envoy.filters.http.rbac"), ("x-common", "envoy.common")):
                    host.response_headers_to_add.add(header={"key": key, "value": f"%DYNAMIC_METADATA({namespace})%"})
            each.typed_config.Pack(manager)
    return told
