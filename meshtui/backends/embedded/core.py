"""The embedded mesh: keeps what runs equal to what the manifests say, and the board equal to what runs.

Decides nothing itself: what there should be is computed by `manifest` and `xds`, how it stands is judged by `mesh`.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from meshtui.agent.ca_client import CaClient
from meshtui.agent.gateway_client import GatewayClient
from meshtui.backends.embedded import views
from meshtui.backends.embedded.authorities import read_authorities
from meshtui.backends.embedded.board import Board
from meshtui.backends.embedded.ca_process import CaProcess
from meshtui.backends.embedded.context import Context
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.ports import PortMap
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.backends.embedded.worlds import world_of
from meshtui.ca.ledger import LedgerReader
from meshtui.config.journal import Journal
from meshtui.config.store import ManifestStore, open_config
from meshtui.config.tokens import TokenIssuer
from meshtui.envoy.binary import find_envoy
from meshtui.envoy.leftovers import sweep
from meshtui.errors import ManifestError, UsageError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import demo_documents
from meshtui.manifest.documents import parse, parse_document
from meshtui.manifest.model import Deployment, Manifest, ObjectKey
from meshtui.manifest.workload import Proxy, Workload
from meshtui.mesh.judge import Standing, next_change
from meshtui.mesh.snapshot import Authority, MeshInfo
from meshtui.probe.tls import Address
from meshtui.settings import Settings, StatePaths
from meshtui.xds.gateway import open_ports, wanted_ports

READY_DEADLINE = 20.0
"""Seconds that a start waits for certificates and proxies before it goes on without them."""


class MeshCore:
    """Everything that runs in one state directory. `start`, then `apply` and `remove` objects, then `stop`."""

    def __init__(self, settings: Settings, paths: StatePaths, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.paths = paths
        self.clock = clock
        self.board = Board()
        self.catalog = Catalog()
        self.workloads: dict[str, WorkloadRuntime] = {}
        self.credentials: dict[str, CredentialRuntime] = {}
        self.authorities: dict[str, Authority] = {}
        self.ports = PortMap(settings.gateway_port)
        self.ca_alive = False
        self.envoy = find_envoy() if settings.envoy else None
        database = open_config(paths.store)
        self.journal = Journal(database)
        self._store = ManifestStore(database)
        self.tokens = TokenIssuer.open(paths.token_key, f"https://meshtui.{settings.trust_domain}")
        self._ca = CaProcess(settings, paths, self.tokens.issuer, self.tokens.jwks())
        self._changing = asyncio.Lock()
        self._alarms: list[tuple[datetime, str]] = []
        self._pulse = Pulse()
        self._clockwork: asyncio.Task[None] | None = None
        self._info: MeshInfo | None = None

    async def start(self) -> None:
        """Start every part. Raises MeshError when it cannot: a damaged key, ledger or store, or bad manifests."""
        sweep(self.paths.envoys)
        seed = self._seed()
        self.ca_address = await self._ca.start(self._on_decision, self._on_ca_life)
        self.ca_alive = True
        self.ledger = LedgerReader(self.paths.ledger)
        root = self.ca_root.read_bytes()
        self.context = Context(
            settings=self.settings,
            paths=self.paths,
            clock=self.clock,
            envoy=self.envoy,
            tokens=self.tokens,
            ca=CaClient(str(self.ca_address), root, self.clock),
            gateway_ca=GatewayClient(self._ca.gateway_socket),
            ledger=self.ledger,
            changed=self.changed,
        )
        if seed:
            self._accept(seed)
        self.catalog = Catalog.of(parse_document(document) for document in self._store.documents())
        self.refresh_authorities()
        self._clockwork = asyncio.create_task(self._watch_the_clock())
        await self._reconcile()

    async def settle(self) -> None:
        """Wait until everything serves, or until it has had long enough to."""
        await self._pulse.until(self._serves, READY_DEADLINE)

    async def stop(self) -> None:
        """Stop every part, proxies first, the CA last."""
        if self._clockwork is not None:
            self._clockwork.cancel()
        for credential in self.credentials.values():
            await credential.stop()
        await asyncio.gather(*(workload.stop() for workload in self.workloads.values()))
        if hasattr(self, "context"):
            await self.context.ca.close()
            await self.context.gateway_ca.close()
            self.ledger.close()
        await self._ca.stop()

    # -- what there is ---------------------------------------------------------------------------------------------

    async def apply(self, objects: Iterable[Manifest]) -> None:
        """Create or replace all of them, on disk and in what runs. Raises ManifestError and changes nothing if bad."""
        async with self._changing:
            self._accept(tuple(objects))
            await self._reconcile()

    async def remove(self, key: ObjectKey) -> None:
        """Remove one object. Raises UsageError when there is none, ManifestError when others cannot do without it."""
        async with self._changing:
            if self.catalog.get(key) is None:
                raise UsageError(f"There is no {key}.", fix=f"See: meshtui get {key.kind}")
            after = self.catalog.remove(key)
            if problems := after.problems():
                raise ManifestError(problems)
            self._store.remove([key])
            self.catalog = after
            await self._reconcile()

    def documents(self) -> list[dict[str, Any]]:
        """Every manifest as stored; those of Secrets hold private keys."""
        return self._store.documents()

    # -- where things are ------------------------------------------------------------------------------------------

    @property
    def ca_root(self) -> Path:
        """Path of the PEM that verifies the CA's server and every SVID."""
        return self.paths.ca / "root-cert.pem"

    def gateway_root(self, authority: str) -> Path:
        """Path of the PEM that verifies what this gateway root signs."""
        return self.paths.ca / "gateways" / f"{authority}.pem"

    def proxies(self, target: str) -> list[EnvoyProxy]:
        """The gateways' Envoys that are to present a gateway certificate (`credential.Edge`)."""
        credential = self.credentials[target].credential
        runtimes = (self.workloads.get(workload) for workload in credential.workloads)
        return [runtime.proxy for runtime in runtimes if runtime is not None and runtime.proxy is not None]

    def endpoints(self, target: str) -> list[tuple[str, Address]]:
        """Each host of a gateway certificate with the address that answers for it (`credential.Edge`)."""
        credential = self.credentials[target].credential
        return [
            (host, Address(host="127.0.0.1", port=port.here))
            for runtime in map(self.workloads.get, credential.workloads)
            if runtime is not None and runtime.proxy is not None
            for port in open_ports(self.catalog, runtime.workload, runtime.proxy_context({}, self.ports.ports))
            for binding in port.servers
            if binding.server.tls is not None and binding.server.tls.credential_name == credential.name
            for host in binding.server.hosts
        ]

    def changed(self, target: str) -> None:
        """The truths of a target may be different now: look, and tell those who watch."""
        now = self.clock()
        standing = self._paint(target, now)
        if standing is not None and (moment := next_change(standing, now)) is not None:
            heapq.heappush(self._alarms, (moment, target))
        workload = self.workloads.get(target)
        if workload is not None and workload.proxy is not None:
            self._tell_edge(target)
        self._pulse.beat()
        self.announce()

    def announce(self) -> None:
        """Tell those who watch if the mesh itself is different now."""
        info = views.info(self, read_only=self.settings.read_only)
        if info != self._info:
            self._info = info
            self.board.announce(info)

    def refresh_authorities(self) -> None:
        """Read the CA's public certificates again: a gateway root may be new."""
        self.authorities = {each.target: each for each in read_authorities(self.paths.ca)}
        for target in self.authorities:
            self._paint(target, self.clock())

    # -- inside ----------------------------------------------------------------------------------------------------

    def _seed(self) -> tuple[Manifest, ...]:
        """What a new mesh starts with; nothing when this one has been started before."""
        path = self.settings.mesh_file
        if path is None:
            return () if self._store.documents() else parse(demo_documents(), "the built-in demo mesh")
        try:
            return parse(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}.", fix="Name a file of manifests with --mesh.") from error

    def _accept(self, objects: tuple[Manifest, ...]) -> None:
        after = self.catalog.apply(objects)
        if problems := after.problems():
            raise ManifestError(problems)
        self._store.put([(each.key, each.document) for each in objects], self.clock())
        self.catalog = after

    async def _reconcile(self) -> None:
        wanted = {workload.target: workload for workload in self.catalog.workloads()}
        for target in [t for t, runtime in self.workloads.items() if runtime.workload != wanted.get(t)]:
            await self.workloads.pop(target).stop()
            self.board.drop(target)
        new = [self._runtime(workload) for target, workload in wanted.items() if target not in self.workloads]
        self.workloads |= {runtime.target: runtime for runtime in new}
        await self._reconcile_credentials()
        self._configure()
        await asyncio.gather(*(runtime.start() for runtime in new))
        for target in [*self.workloads, *self.credentials]:
            self.changed(target)

    async def _reconcile_credentials(self) -> None:
        wanted = {credential.target: credential for credential in self.catalog.credentials()}
        for target in self.credentials.keys() - wanted.keys():
            await self.credentials.pop(target).stop()
            self.board.drop(target)
        for target, credential in wanted.items():
            known = self.credentials.get(target)
            if known is None:
                self.credentials[target] = CredentialRuntime(credential, self.context, self._store_secret, self)
                self.credentials[target].start()
            elif known.credential != credential:
                known.take(credential)

    def _configure(self) -> None:
        """Give every proxy its configuration for the manifests as they are."""
        for runtime in self.workloads.values():
            if runtime.proxy is not None and runtime.workload.proxy is Proxy.GATEWAY:
                for number in wanted_ports(self.catalog, runtime.workload):
                    self.ports.give(number)
        inbound = {t: Path(runtime.inbound.path) for t, runtime in self.workloads.items() if runtime.inbound}
        for runtime in self.workloads.values():
            if runtime.proxy is not None:
                context = runtime.proxy_context(inbound, self.ports.ports)
                runtime.configure(world_of(self.catalog, context))

    def _runtime(self, workload: Workload) -> WorkloadRuntime:
        key = ObjectKey(Deployment.kind, workload.namespace, workload.name)
        return WorkloadRuntime(workload, self._store.uid(key), self.context)

    async def _store_secret(self, document: Any) -> None:
        await self.apply([parse_document(document)])
        self.refresh_authorities()

    def _paint(self, target: str, now: datetime) -> Standing | None:
        if (workload := self.workloads.get(target)) is not None:
            self.board.put(views.workload_row(workload, now))
            return workload.standing
        if (credential := self.credentials.get(target)) is not None:
            self.board.put(views.credential_row(credential, now))
            return credential.standing
        if (authority := self.authorities.get(target)) is not None:
            self.board.put(views.authority_row(authority, now))
            return views.authority_standing(authority)
        return None

    def _tell_edge(self, workload: str) -> None:
        """What a gateway's Envoy serves is a truth of its gateway certificates too."""
        now = self.clock()
        for credential in self.credentials.values():
            if workload in credential.credential.workloads:
                credential.beat()
                self._paint(credential.target, now)

    def _serves(self) -> bool:
        """Whether everything that is wanted is there and runs."""
        certificates = [runtime.svid is not None for runtime in self.workloads.values()]
        proxies = [runtime.proxy.running for runtime in self.workloads.values() if runtime.proxy is not None]
        gateways = [bool(each.chain) or not each.authority for each in self.credentials.values()]
        truths = [each.served for each in self.workloads.values()] + [each.served for each in self.credentials.values()]
        served = [truth is None or truth.certificate is not None for truth in truths]
        return all(certificates) and all(proxies) and all(gateways) and all(served)

    async def _watch_the_clock(self) -> None:
        """Repaint what changes by the clock alone: fresh becomes due, due overdue, alive expired."""
        while True:
            now = self.clock()
            while self._alarms and self._alarms[0][0] <= now:
                _, target = heapq.heappop(self._alarms)
                self.changed(target)
            delay = (self._alarms[0][0] - now).total_seconds() if self._alarms else 60.0
            with contextlib.suppress(TimeoutError):
                await asyncio.sleep(min(max(delay, 0.05), 60.0))

    def _on_decision(self, event: dict[str, Any]) -> None:
        """The CA signed or refused something: it may be about one of ours, whoever asked."""
        pod, target = event.get("pod_uid", ""), event.get("target", "")
        for runtime in self.workloads.values():
            if pod and runtime.pod_uid == pod:
                runtime.refresh_issued()
                self.changed(runtime.target)
        if target in self.credentials:
            self.credentials[target].refresh_issued()
            self.changed(target)

    def _on_ca_life(self, alive: bool) -> None:
        self.ca_alive = alive
        self.announce()
