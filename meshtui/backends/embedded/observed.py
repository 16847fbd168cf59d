"""What the embedded mesh observes of itself: calls, pushes and decisions of the CA; and who may read it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import meshtui
from meshtui.agent.status_server import Page, StatusServer
from meshtui.backends.embedded.activity import Activity
from meshtui.backends.embedded.board import Board
from meshtui.manifest.catalog import Catalog
from meshtui.mesh.snapshot import Authority
from meshtui.settings import Settings, StatePaths
from meshtui.telemetry.access_log_service import AccessLogService, with_access_logs
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.metrics import CONTENT_TYPE, Metrics, Readings
from meshtui.telemetry.own_connections import OwnConnections
from meshtui.telemetry.pushes import Convergence, Pushes
from meshtui.telemetry.recorder import Recorder
from meshtui.telemetry.store import DenialStore
from meshtui.wire.streams import Register


class Observed:
    """Of one mesh. Made before anything runs, started before the proxies, stopped after them."""

    def __init__(self, settings: Settings, paths: StatePaths, clock: Callable[[], datetime], board: Board) -> None:
        """Raises StateError when the denials of before cannot be read."""
        self._settings = settings
        self.activity = Activity(board)
        self.denials = DenialStore(paths.telemetry, clock)
        self.recorder = Recorder(self.denials, clock, time.monotonic, self.activity.touch)
        self.own = OwnConnections(clock)
        """What the mesh asks its own proxies, which is no call of anybody."""
        self.pushes = Pushes()
        self.metrics = ""
        """HOST:PORT of the metrics; empty when they are off."""
        self.proxies = 0
        """Envoys that are connected."""
        self._root_expiry: datetime | None = None
        self._issued = 0
        self._refused: Counter[str] = Counter()
        self._server: StatusServer | None = None

    async def start(self) -> None:
        """Keep what is denied from now on, and answer Prometheus. Raises StateError when the port is taken."""
        self.denials.start()
        if self._settings.metrics_port is not None:
            metrics = Metrics(self.recorder.series, self.pushes, self._readings)
            self._server = StatusServer({"/metrics": lambda: Page(200, CONTENT_TYPE, metrics.page())})
            self.metrics = await self._server.start(self._settings.metrics_port)

    async def stop(self) -> None:
        """Write what is not on disk yet."""
        self.activity.stop()
        if self._server is not None:
            await self._server.stop()
        await self.denials.stop()

    def know(self, catalog: Catalog, inbound: Mapping[str, Path]) -> None:
        """These are the manifests now, and the inbound sockets of all sidecars by target."""
        self.recorder.know(partial(Directory.of, catalog, self._settings.trust_domain, inbound))
        self.activity.touch()

    def know_authorities(self, authorities: Iterable[Authority]) -> None:
        """These can sign now."""
        roots = [each.certificate.not_after for each in authorities if each.trusted and each.role == "root"]
        self._root_expiry = min(roots, default=None)

    def with_access_logs(self, register: Register, target: str) -> Register:
        """The same, and takes the logs of one workload's Envoy on the same socket."""
        service = AccessLogService(target, lambda: self.recorder.directory, self.own, self.recorder.record)
        return with_access_logs(register, service)

    def convergence(self) -> Convergence:
        """Watches the pushes to one Envoy."""
        return Convergence(self.pushes)

    def connected(self, change: int) -> None:
        """So many Envoys more are connected."""
        self.proxies += change

    def decided(self, event: Mapping[str, str]) -> None:
        """The CA signed or refused something."""
        if event.get("event") == "issued":
            self._issued += 1
        elif event.get("event") == "refused":
            self._refused[event.get("reason", "")] += 1
        self.activity.touch()

    def _readings(self) -> Readings:
        return Readings(
            issued=self._issued,
            refused=self._refused,
            root_expiry=self._root_expiry.timestamp() if self._root_expiry is not None else None,
            proxies=self.proxies,
            uncounted=self.recorder.counts.dropped,
            lost=self.denials.lost,
            version=meshtui.__version__,
        )
