"""The embedded mesh: keeps what runs equal to what the manifests say, and the board equal to what runs.

Decides nothing itself: what there should be is computed by `manifest` and `xds`, how it stands is judged by `mesh`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from meshtui.agent.ca_client import CaClient
from meshtui.agent.gateway_client import GatewayClient
from meshtui.agent.schedule import Schedule
from meshtui.backends.embedded import mesh_info, views
from meshtui.backends.embedded.alarms import Alarms
from meshtui.backends.embedded.authorities import known_roots, read_authorities
from meshtui.backends.embedded.board import Board
from meshtui.backends.embedded.ca_health import CaHealth
from meshtui.backends.embedded.ca_process import CaProcess
from meshtui.backends.embedded.context import Context
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.desired import Desired
from meshtui.backends.embedded.edge import MeshEdge
from meshtui.backends.embedded.gateway_findings import worst_told
from meshtui.backends.embedded.holdings import Holdings
from meshtui.backends.embedded.key_validation import KeyValidator
from meshtui.backends.embedded.loops import forever
from meshtui.backends.embedded.observed import Observed
from meshtui.backends.embedded.overviews import Overviews
from meshtui.backends.embedded.ports import PortMap
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.runtimes import Runtimes
from meshtui.backends.embedded.seed import not_seeded, seed
from meshtui.backends.embedded.versions import SecretVersions
from meshtui.backends.embedded.workload import WorkloadRuntime
from meshtui.ca.ledger import LedgerReader
from meshtui.config.journal import Journal
from meshtui.config.store import ManifestStore, open_config
from meshtui.config.tokens import TokenIssuer
from meshtui.envoy.binary import find_envoy
from meshtui.envoy.leftovers import sweep
from meshtui.errors import ManifestError, MeshError, StateError
from meshtui.identity.signers import MESH_CA
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Manifest, ObjectKey
from meshtui.mesh.judge import Standing, next_change
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Authority, MeshInfo
from meshtui.probe.prober import Prober
from meshtui.settings import Settings, StatePaths

_LOG = logging.getLogger(__name__)
AT_ONCE = 100
"""Rows that are painted in one turn of the event loop, which has others to look after."""
READY_DEADLINE = 20.0
"""Seconds that a start waits for certificates and proxies before it goes on without them."""


class MeshCore:
    """Everything that runs in one state directory. `start`, then `apply` and `remove` objects, then `stop`."""

    def __init__(self, settings: Settings, paths: StatePaths, clock: Callable[[], datetime]) -> None:
        self.settings = settings
        self.paths = paths
        self.clock = clock
        self.board = Board()
        self.overviews = Overviews(self)
        self.observed = Observed(settings, paths, clock, self.board)
        """Calls, pushes, decisions."""
        self.authorities: dict[str, Authority] = {}
        self.holdings = Holdings()
        """Who believes in what, and what was signed by whom."""
        self.ports = PortMap(settings.gateway_port)
        self.ca_health = CaHealth(self._on_ca_health)
        self.envoy = find_envoy() if settings.envoy else None
        if paths.ledger.exists() and not paths.store.exists():
            raise StateError(
                f"{paths.store} is gone, though this mesh has been at work: its manifests were in it.",
                fix="Restore it from a backup, or choose another directory with --state.",
            )
        self._database = open_config(paths.store)
        self.journal = Journal(self._database)
        self.desired = Desired(ManifestStore(self._database), clock)
        self._runtimes = Runtimes(self.ports, self.desired.uid, settings.fleet, fleet_sockets=settings.fleet_sockets)
        self.workloads = self._runtimes.workloads
        """What runs, by target."""
        self.credentials = self._runtimes.credentials
        """Gateway certificates, by target."""
        self._edge = MeshEdge(self.workloads, self.credentials, self.desired, self.ports)
        self.proxies = self._edge.proxies
        """The gateways' Envoys that are to present a gateway certificate."""
        self.endpoints = self._edge.endpoints
        """Each host of a gateway certificate with the address that answers for it."""
        self.notices: list[str] = []
        self.tokens = TokenIssuer.open(paths.token_key, f"https://meshtui.{settings.trust_domain}")
        self._ca = CaProcess(settings, paths, self.tokens.issuer, self.tokens.jwks())
        self.keys = KeyValidator()
        self._changing = asyncio.Lock()
        self._versions = SecretVersions(self.desired, self._changing, self._replaced)
        self._alarms = Alarms(clock, self.changed)
        self._schedule = Schedule(clock)
        self._pulse = Pulse()
        self._watching: list[asyncio.Task[None]] = []
        self._info: MeshInfo | None = None
        self.context: Context | None = None
        """What every part is handed; None before `start`."""

    async def start(self) -> None:
        """Start every part. Raises MeshError when it cannot: a damaged key, ledger or store, or bad manifests."""
        sweep(self.paths.envoys)
        self.journal.close_interrupted(self.clock())
        first = seed(self.settings.mesh_file) if not self.desired.documents() else ()
        if self.settings.mesh_file is not None and not first:
            self.notices.append(not_seeded(self.settings.mesh_file))
        self.ca_address = await self._ca.start(self._on_decision, self.ca_health.set_alive)
        self.ca_health.begin()
        self.ledger = LedgerReader(self.paths.ledger)
        self.overviews.remember()
        root = self.ca_root.read_bytes()
        self.context = Context(
            settings=self.settings,
            paths=self.paths,
            clock=self.clock,
            envoy=self.envoy,
            tokens=self.tokens,
            ca=CaClient(str(self.ca_address), root, self.clock),
            gateway_ca=GatewayClient(self._ca.gateway_socket),
            schedule=self._schedule,
            ledger=self.ledger,
            observed=self.observed,
            changed=self.changed,
            prober=Prober(announcer=self.observed.own),
        )
        self.desired.load(first)
        self.refresh_authorities()
        await self.observed.start()
        self._watching = [
            asyncio.create_task(forever("watching the clock", self._alarms.wait)),
            asyncio.create_task(forever("rotating", self._schedule.run)),
            asyncio.create_task(forever("watching the CA", lambda: self.ca_health.look(str(self.ca_address)))),
        ]
        await self._reconcile()

    async def settle(self) -> None:
        """Wait until everything serves, or until it has had long enough to."""
        await self._pulse.until(self._runtimes.serve, READY_DEADLINE)

    async def stop(self) -> None:
        """Stop every part, proxies first, the CA last, whatever one of them has to complain about."""
        for task in self._watching:
            task.cancel()
        await self._runtimes.stop()
        if self.context is not None:
            await self.context.ca.close()
            await self.context.gateway_ca.close()
            self.context.ledger.close()
        await self._ca.stop()
        await self.observed.stop()
        self._database.close()

    # -- what there is ---------------------------------------------------------------------------------------------

    async def apply(self, objects: Iterable[Manifest]) -> None:
        """Create or replace all of them, on disk and in what runs. Raises ManifestError and changes nothing if bad."""
        accepted = tuple(objects)
        if problems := await self.keys.of_objects(accepted, self.catalog):
            raise ManifestError(problems)
        async with self._changing:
            self.desired.accept(accepted)
            await self._reconcile()

    async def remove(self, key: ObjectKey) -> None:
        """Remove one object. Raises UsageError when there is none, ManifestError when others cannot do without it."""
        async with self._changing:
            self.desired.remove(key)
            await self._reconcile()

    @property
    def catalog(self) -> Catalog:
        """The manifests."""
        return self.desired.catalog

    # -- where things are ------------------------------------------------------------------------------------------

    @property
    def serving(self) -> tuple[WorkloadRuntime, ...]:
        """Those workloads that are to serve someone: not the fleet, unless it was given sockets."""
        return self._runtimes.serving

    @property
    def ca_root(self) -> Path:
        """Path of the PEM that verifies the CA's server and every SVID."""
        return Path(self.ca_address.root)

    def gateway_root(self, authority: str) -> Path:
        """Path of the PEM that verifies what this gateway root, or the mesh's CA, signs."""
        return self.ca_root if authority == MESH_CA else self.paths.ca / "gateways" / f"{authority}.pem"

    def root_of(self, runtime: CredentialRuntime) -> Path | None:
        """Path of the PEM that verifies a gateway certificate; None where it is not known."""
        path = runtime.brought_roots if runtime.brought else None
        path = self.gateway_root(runtime.authority) if runtime.authority else path
        return path if path is not None and path.exists() else None

    @contextlib.asynccontextmanager
    async def expecting(self, target: str) -> AsyncIterator[CredentialRuntime]:
        """The runtime of a gateway certificate, for as long as somebody issues it even without a Secret."""
        assert self.context is not None  # made by `start`
        try:
            yield self._runtimes.expect(target, self.catalog, self.context, self._edge, self._versions)
        finally:
            async with self._changing:
                self._drop(await self._runtimes.expect_no_more(target, self.catalog))

    def changed(self, target: str) -> None:
        """The truths of a target may be different now: look, and tell those who watch."""
        self._paint(target)
        self.observed.activity.touch()
        self._note_holdings(target)
        workload = self.workloads.get(target)
        if workload is not None and workload.sds_socket is None:
            return
        if workload is not None and workload.proxy is not None:
            self._tell_edge(target)
        self._pulse.beat()
        self.announce()

    def announce(self) -> None:
        """Tell those who watch if the mesh itself is different now."""
        info = mesh_info.info(self, read_only=self.settings.read_only)
        if info != self._info:
            self._info = info
            self.board.announce(info)

    def refresh_authorities(self) -> None:
        """Read the CA's public certificates again: a gateway root may be new."""
        self.authorities = {each.target: each for each in read_authorities(self.paths.ca, self.ca_root)}
        self.desired.edge.trust(known_roots(self.paths.ca, self.ca_root))
        self.observed.know_authorities(self.authorities.values())
        for target in self.authorities:
            self._paint(target)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _reconcile(self) -> None:
        assert self.context is not None  # made by `start`
        gone, changed = await self._runtimes.reconcile(self.catalog, self.context, self._edge, self._versions)
        self._drop(gone)
        for number, target in enumerate(changed, 1):
            self.changed(target)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _replaced(self) -> None:
        await self._reconcile()
        self.refresh_authorities()

    def _drop(self, gone: Iterable[str]) -> None:
        for target in gone:
            self.board.drop(target)
            self.holdings.drop(target)
            self._alarms.set(target, None)

    def _paint(self, target: str) -> None:
        """Put the row of a target on the board as it is now, and set the alarm for its next change by the clock."""
        now = self.clock()
        try:
            painted = self._row(target, now)
        except MeshError as error:
            # the row stays as it was; whoever reported the change must not fail for it
            _LOG.error("the row of %s cannot be made: %s", target, error)
            return
        if painted is not None:
            row, standing = painted
            self.board.put(row)
            self._alarms.set(target, next_change(standing, now))

    def _told(self, credential: CredentialRuntime, now: datetime) -> Row:
        return worst_told(views.credential_row(credential, now), credential, self.desired.edge, now)

    def _note_holdings(self, target: str) -> None:
        if (workload := self.workloads.get(target)) is not None:
            self.holdings.note(target, workload.bundle, workload.issuers)
        elif (credential := self.credentials.get(target)) is not None:
            self.holdings.note(target, None, [credential.facts.issuer] if credential.facts is not None else [])

    def _row(self, target: str, now: datetime) -> tuple[Row, Standing] | None:
        if (workload := self.workloads.get(target)) is not None:
            return views.workload_row(workload, now), workload.standing
        if (credential := self.credentials.get(target)) is not None:
            return self._told(credential, now), credential.standing
        if (authority := self.authorities.get(target)) is not None:
            return views.authority_row(authority, now), views.authority_standing(authority)
        return None

    def _tell_edge(self, workload: str) -> None:
        """What a gateway's Envoy serves is a truth of its gateway certificates too."""
        for credential in self.credentials.values():
            if workload in credential.credential.workloads:
                credential.beat()
                self._paint(credential.target)

    def _on_decision(self, event: dict[str, Any]) -> None:
        """The CA signed or refused something, which may be about one of ours, whoever asked; or it could not."""
        if event.get("event") == "not-recorded":
            self.ca_health.set_fault(StateError(event.get("error", ""), fix=event.get("fix", "")))
            return
        self.observed.decided(event)
        self.ca_health.set_fault(None)  # what was decided is recorded
        self.overviews.decided(event)
        pod, target = event.get("pod_uid", ""), event.get("target", "")
        if (runtime := self._runtimes.of_pod(pod)) is not None and runtime.learn_issued(pod, event.get("serial", "")):
            self.changed(runtime.target)
        if target in self.credentials:
            self.credentials[target].refresh_issued()
            self.changed(target)

    def _on_ca_health(self) -> None:
        self._pulse.beat()
        self.announce()
