"""One Envoy of the mesh: the stream that configures it, its process, and what it says it serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from meshtui.agent.sds_service import BUNDLE, KEY_PAIR
from meshtui.backends.embedded.context import Context
from meshtui.backends.embedded.delivery import Acknowledged, Delivery, ResourceKey
from meshtui.backends.embedded.loops import forever
from meshtui.backends.embedded.provenance import Provenance
from meshtui.envoy.admin import ServedSecret
from meshtui.envoy.bootstrap import ProxySockets, bootstrap
from meshtui.envoy.process import EnvoyProcess, ProxyState, ProxyStatus
from meshtui.errors import UnreachableError
from meshtui.manifest.catalog import Catalog
from meshtui.mesh.snapshot import Truth
from meshtui.wire.discovery import EXTENSION, ROUTE, SECRET, Rejected, Verdict, World
from meshtui.wire.streams import DiscoveryServer, Distributor
from meshtui.xds.ads_service import register_ads

_LOG = logging.getLogger(__name__)
_LONGEST_REASON = 300
_WITHOUT_CERTIFICATES = (ROUTE, EXTENSION)
"""Of which nothing that Envoy serves becomes another. Asking costs it more, the more clusters it has."""
RECHECK = 30.0
"""Seconds after which Envoy is asked again what it serves, even if nothing was pushed: what drifts is found."""


class EnvoyProxy:
    """A supervised Envoy. `on_change` is called whenever its state or what it serves is different."""

    def __init__(self, target: str, sds_socket: Path, context: Context, on_change: Callable[[], None]) -> None:
        assert context.envoy is not None
        paths = context.paths
        self._context = context
        self._on_change = on_change
        self._target = target
        self._secrets: Mapping[str, ServedSecret] = {}
        self._look = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._refused = Refusals()
        self._acknowledged = Acknowledged()
        self._provenance = Provenance(target)
        self._gone: frozenset[str] = frozenset()
        """Secrets that Envoy may still list, though no listener is left that presents them."""
        self._unread = "it has not been asked yet"
        sockets = ProxySockets(ads=paths.socket("ads", target), sds=sds_socket, admin=paths.socket("admin", target))
        self._ads = DiscoveryServer(
            sockets.ads,
            context.observed.with_access_logs(register_ads, target),
            Distributor(self._on_verdict, self._on_connection),
        )
        self._convergence = context.observed.convergence()
        self._connected = 0
        self._process = EnvoyProcess(
            context.envoy,
            paths.envoys,
            target.replace("/", "-"),
            bootstrap(target, context.settings.trust_domain, sockets),
            self._on_process,
        )

    async def start(self) -> None:
        """Start the stream, then Envoy."""
        await self._ads.start()
        self._looking = asyncio.create_task(forever(f"reading {self._target}'s Envoy", self._read_when_told))
        await self._process.start()

    async def stop(self) -> None:
        """Stop Envoy, then the stream."""
        await self._process.stop()
        if self._looking is not None:
            self._looking.cancel()
        await self._ads.stop()

    def publish(self, world: World, catalog: Catalog | None = None) -> None:
        """Configure it like this from now on. `catalog` has the manifests of which this was made, if they are known."""
        if catalog is not None:
            self._provenance.keep(world, catalog)
        self._refused.keep(world)
        self._acknowledged.keep(world)
        self._gone = frozenset(self._secrets) - world.get(SECRET, {}).keys() - {KEY_PAIR, BUNDLE}
        self._convergence.publish(world, time.monotonic())
        self._ads.publish(world)

    @property
    def running(self) -> bool:
        """Whether it is up and answers."""
        return self._process.status.state is ProxyState.READY

    @property
    def starting(self) -> bool:
        """Whether it is on its way up: no reason to worry yet."""
        return self._process.status.state is ProxyState.STARTING

    @property
    def version(self) -> str:
        """`envoy 1.40.0`."""
        assert self._context.envoy is not None
        return f"envoy {self._context.envoy.version}"

    @property
    def down(self) -> str:
        """Why it does not run; empty when it does."""
        return "" if self.running else f"Envoy is not running: {_words(self._process.status)}."

    @property
    def silent(self) -> str:
        """Why it cannot be asked what it serves although it runs; empty when it can."""
        return f"Envoy runs but cannot be asked: {self._unread}" if self.running and self._unread else ""

    @property
    def rejected(self) -> str:
        """Envoy's words for what it did not take of its configuration; empty when it took all."""
        return self._refused.words

    @property
    def delivery(self) -> Delivery:
        """How far it has come with what it was told."""
        reasons = self._refused.reasons
        waiting = self._acknowledged.waiting | self._ads.unjudged
        return Delivery(waiting, reasons, self._provenance.suspects(reasons))

    def refused(self, secret: str) -> str:
        """Envoy's words for what it did not take of the secret of this name, as that is now."""
        return self._refused.of(SECRET, secret)

    @property
    def trouble(self) -> str:
        """Why it does not do what it should; empty when it does."""
        return self.down or (f"Envoy rejected its configuration: {self.rejected}" if self.rejected else "")

    def served(self, secret: str) -> Truth:
        """The certificate that Envoy has in service under this name of a secret."""
        if self._unread:
            return Truth(unknown=f"Envoy cannot be asked: {self._unread}")
        found = self._secrets.get(secret) if secret not in self._gone else None
        if found is not None and found.problem:
            return Truth(unknown=f"Envoy's copy cannot be read: {found.problem}")
        return Truth(certificate=found.chain[0] if found is not None and found.chain else None)

    def look(self) -> None:
        """Ask Envoy what it serves, soon."""
        self._look.set()

    async def _read_when_told(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECHECK):
                await self._look.wait()
        self._look.clear()
        before = self._secrets, self._unread
        try:
            secrets, serials = await self._process.admin.secrets(), await self._process.admin.serials()
            self._secrets, self._unread = in_service(secrets, serials, self._secrets), ""
        except UnreachableError as error:
            self._unread = error.message if self.running else _words(self._process.status)
        if before != (self._secrets, self._unread):
            self._on_change()

    def _on_process(self, status: ProxyStatus) -> None:
        if status.state is ProxyState.STARTING:
            self._refused = Refusals()  # a new Envoy has refused nothing yet
            self._acknowledged.forget()
        if status.state is ProxyState.READY:
            self.look()
        else:
            self._secrets, self._unread = {}, _words(status)
        if status.state is ProxyState.DEAD:
            _LOG.warning("%s: Envoy: %s", self._target, self._unread)
        self._on_change()

    def _on_connection(self, streams: int) -> None:
        self._context.observed.connected(bool(streams) - bool(self._connected))
        self._connected = streams

    def _on_verdict(self, verdict: Verdict) -> None:
        self._refused.hear(verdict)
        self._acknowledged.hear(verdict)
        self._provenance.hear(verdict)
        self._convergence.hear(verdict, time.monotonic())
        self._context.observed.activity.touch()  # a policy is in force now, or was rejected
        if verdict.type_url not in _WITHOUT_CERTIFICATES:
            self.look()
        self._on_change()


class Refusals:
    """What an Envoy refused and still would: by type and name of the resource, until it takes it, it is another or it
    is gone.
    """

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, str], tuple[str, str]] = {}
        self._world: World = {}

    @property
    def words(self) -> str:
        """Envoy's own, each once."""
        return "; ".join(dict.fromkeys(reason for _, reason in self._reasons.values()))

    @property
    def reasons(self) -> Mapping[ResourceKey, str]:
        """Envoy's own, by resource."""
        return {key: reason for key, (_, reason) in self._reasons.items()}

    def of(self, type_url: str, name: str) -> str:
        """Envoy's own about one resource; empty when it took it."""
        return self._reasons.get((type_url, name), ("", ""))[1]

    def hear(self, verdict: Verdict) -> None:
        """An Envoy took or refused resources."""
        for name, version in verdict.versions.items():
            current = self._world.get(verdict.type_url, {}).get(name)
            if isinstance(verdict, Rejected) and (current is None or current.version == version):
                self._reasons[verdict.type_url, name] = version, first_line(verdict.reason)
            else:
                self._reasons.pop((verdict.type_url, name), None)

    def keep(self, world: World) -> None:
        """Forget what is no longer distributed, or not as it was refused."""
        self._world = world
        now = {(type_url, name): each.version for type_url, named in world.items() for name, each in named.items()}
        self._reasons = {key: found for key, found in self._reasons.items() if now.get(key) == found[0]}


def in_service(
    listed: Mapping[str, ServedSecret], serials: frozenset[str], before: Mapping[str, ServedSecret]
) -> Mapping[str, ServedSecret]:
    """What Envoy really presents, by name of the secret.

    Its list of active secrets also has those whose key it refused; only what is among the certificates in use
    (`serials`, of /certs) is in service, and otherwise what was there before still is.
    """
    found: dict[str, ServedSecret] = {}
    for name, secret in listed.items():
        current = secret if not secret.chain or secret.chain[0].serial in serials else before.get(name)
        if current is not None and (not current.chain or current.chain[0].serial in serials):
            found[name] = current
    return found


def first_line(reason: str) -> str:
    """What Envoy says first: behind it come kilobytes of the resource itself."""
    line = reason.partition("\n")[0]
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def _words(status: ProxyStatus) -> str:
    if status.state is not ProxyState.DEAD:
        return f"it is {status.state}"
    last = f" after {status.last_words!r}" if status.last_words else ""
    return f"it ended with status {status.exit_status}{last}, and is started again in {status.retry_in:.1f} s"
