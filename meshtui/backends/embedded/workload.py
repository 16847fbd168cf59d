"""One workload of the mesh: its agent, its secrets on a socket, and where it has them, its Envoy and app."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from meshtui.agent.publisher import Publisher
from meshtui.agent.sds_service import BUNDLE, KEY_PAIR, bundle, key_pair, register_sds
from meshtui.agent.states import Failed
from meshtui.backends.embedded.context import Context, Report
from meshtui.backends.embedded.held_identity import HeldIdentity
from meshtui.backends.embedded.proxy import EnvoyProxy, Refusals
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.worlds import takes_mtls, uses_identity
from meshtui.errors import MeshError, UnreachableError
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.lifetime import Lifetime, overdue_after
from meshtui.identity.svid import Svid
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.workload import Proxy, Workload
from meshtui.mesh.judge import Standing
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Truth
from meshtui.probe.tls import Address, until_presented
from meshtui.wire.discovery import SECRET, Verdict, World
from meshtui.wire.streams import DiscoveryServer, Distributor
from meshtui.workloads.httpbin import Httpbin
from meshtui.xds.context import ProxyContext

SERVE_DEADLINE = 10.0
"""Seconds from the new certificate to Envoy presenting it."""


class WorkloadRuntime:
    """Everything that runs for one workload, and its four truths."""

    def __init__(self, workload: Workload, deployment_uid: str, context: Context) -> None:
        """`deployment_uid` gives the pod the same uid at every start, which is how the ledger knows it again."""
        self.workload = workload
        self.target = workload.target
        self._context = context
        uid = uuid.UUID(deployment_uid)
        pod_uid = str(uuid.uuid5(uid, "pod-0"))
        pod_name = f"{workload.name}-{pod_uid[:8]}"

        def held(account: str, key: str, name: str, uid: str) -> HeldIdentity:
            return HeldIdentity(
                workload,
                account,
                secret_name=name,
                key=key,
                pod=(pod_name, uid),
                context=context,
                on_change=self._changed,
            )

        self.identity = held(workload.service_account, "EC P-256", KEY_PAIR, pod_uid)
        """Its own."""
        self.granted = tuple(
            # a pod uid for each, by which the ledger tells them apart
            held(grant.service_account, grant.key, "", str(uuid.uuid5(uid, f"pod-0/{grant.service_account}")))
            for grant in workload.grants
        )
        """Further ones, which its agent serves under their SPIFFE IDs."""
        self._bundles: Mapping[str, bytes] = {}
        self.step: Step | None = None
        self._refused = Refusals()
        self._pulse = Pulse()
        self._published: tuple[object, ...] = ()
        self._in_use = self._takes_mtls = True
        self.sds_socket = self._socket("sds") if workload.proxy is not Proxy.NONE else None
        """None for an agent that serves nobody."""
        self._sds: DiscoveryServer | None = None
        self._publisher: Publisher | None = None
        self.proxy: EnvoyProxy | None = None
        if self.sds_socket is not None:
            distributor = Distributor(self._on_secret_verdict, lambda _: None)
            self._sds = DiscoveryServer(self.sds_socket, register_sds, distributor)
            self._publisher = Publisher(self._sds)
            if workload.proxy is not Proxy.AGENT and context.envoy is not None:
                self.proxy = EnvoyProxy(self.target, self.sds_socket, context, self._on_proxy)
        self._app: Httpbin | None = None
        if workload.proxy is Proxy.SIDECAR and runs_httpbin(workload):
            self._app = Httpbin(self._socket("app"))

    async def start(self) -> None:
        """Start every part; certificates and proxies follow by themselves."""
        for identity in self.identities:
            identity.refresh_issued()
        if self._sds is not None:
            await self._sds.start()
        if self._app is not None:
            await self._app.start()
        for identity in self.identities:
            self._context.schedule.add(identity.secrets)
        if self.proxy is not None:
            await self.proxy.start()

    async def stop(self) -> None:
        """Stop every part, the proxy first."""
        for identity in self.identities:
            self._context.schedule.discard(identity.secrets)
        if self.proxy is not None:
            await self.proxy.stop()
        if self._publisher is not None:
            self._publisher.close()
        if self._sds is not None:
            await self._sds.stop()
        if self._app is not None:
            await self._app.stop()

    def configure(self, world: World, catalog: Catalog) -> None:
        """Give the proxy this configuration, made of these manifests."""
        if self.proxy is not None:
            self._in_use, self._takes_mtls = uses_identity(world), takes_mtls(world)
            self.proxy.publish(world, catalog)

    def trust(self, bundles: Mapping[str, bytes]) -> None:
        """Serve these bundles (SDS name → PEM) beside the mesh's own."""
        if bundles != self._bundles:
            self._bundles = bundles
            self._publish()

    @property
    def identities(self) -> tuple[HeldIdentity, ...]:
        """All that its agent holds, its own first."""
        return (self.identity, *self.granted)

    @property
    def svid(self) -> Svid | None:
        """The certificate of its own identity that is in service."""
        return self.identity.svid

    @property
    def bundle(self) -> frozenset[str]:
        """SHA-256 of what it believes in; nothing as long as it has no certificate."""
        return self.svid.bundle.fingerprints if self.svid is not None else frozenset()

    @property
    def issuers(self) -> list[str]:
        """Who signed what it holds, by subject."""
        return [each.svid.facts.issuer for each in self.identities if each.svid is not None]

    @property
    def held(self) -> Truth:
        """What the agent has, of its own identity."""
        return self.identity.held

    @property
    def served(self) -> Truth | None:
        """What its Envoy says it presents; None without one, or when nothing it does needs a certificate."""
        return self.proxy.served(KEY_PAIR) if self.proxy is not None and self._in_use else None

    @cached_property
    def inbound(self) -> Address | None:
        """Where its sidecar takes requests; None without one, or with nothing behind it."""
        if self.proxy is None or self._app is None:
            return None
        return Address(path=str(self._socket("in")))

    @property
    def inbound_mtls(self) -> Address | None:
        """The same where it takes mTLS there: None too when its mode is DISABLE."""
        return self.inbound if self._takes_mtls else None

    @cached_property
    def outbound(self) -> Path | None:
        """Unix socket on which its sidecar takes the workload's own plain HTTP."""
        if self.proxy is None or self.workload.proxy is not Proxy.SIDECAR:
            return None
        return self._socket("out")

    def proxy_context(self, inbound_of: Mapping[str, Path], ports: Mapping[int, int]) -> ProxyContext:
        """What the configuration of its proxy is computed from, beside the manifests."""
        return ProxyContext(
            target=self.target,
            trust_domain=self._context.settings.trust_domain,
            inbound=Path(self.inbound.path) if self.inbound is not None else None,
            outbound=self.outbound,
            app=self._socket("app") if self._app is not None else None,
            inbound_of=inbound_of,
            ports=ports,
        )

    @property
    def standing(self) -> Standing:
        """How its renewal goes: the lifetime is its own identity's, the trouble that of any."""
        ready, settings = self.identity.secrets.ready, self._context.settings
        states = [identity.secrets.state for identity in self.identities]
        return Standing(
            lifetime=Lifetime(ready.svid.issued_at, ready.svid.facts.not_after) if ready is not None else None,
            due_at=ready.due_at if ready is not None else None,
            rotating=any(each.secrets.stage for each in self.identities)
            or self.step not in (None, Step.SERVED, Step.FAILED),
            error=self.identity.error or self._granted_error,
            unreachable=any(isinstance(state, Failed) and state.unreachable for state in states),
            overdue_after=overdue_after(settings.rotate_at, settings.overdue_at),
        )

    @property
    def _granted_error(self) -> str:
        return next((f"{each.spiffe_id}: {each.error}" for each in self.granted if each.error), "")

    @property
    def last_error(self) -> str:
        """The most telling thing that is wrong, in words."""
        trouble = (self.proxy.trouble or self.proxy.silent) if self.proxy is not None else ""
        return self.standing.error or self.rejected or trouble

    @property
    def rejected(self) -> str:
        """Envoy's words for a secret that it did not take."""
        return f"Envoy rejected its certificate: {self._refused.words}" if self._refused.words else ""

    def learn_issued(self, pod_uid: str, serial: str) -> bool:
        """The CA has signed this for one of its pods; returns whether it was news."""
        return any(each.learn_issued(serial) for each in self.identities if each.pod_uid == pod_uid)

    async def rotate(self, report: Report) -> tuple[CertificateFacts | None, CertificateFacts, bool | None]:
        """Replace every certificate and follow its own until the wire presents it; `report` hears each step.

        Returns its own certificate before, the one after, and whether it is served (None where nothing serves it).
        Raises MeshError, and leaves what is in service as it is, when no new certificate can be had.
        """
        before = self.identity.held.certificate
        try:
            self._report(report, Step.KEY, "new key and CSR")
            svid, *_ = await asyncio.gather(*(identity.secrets.rotate() for identity in self.identities))
            self._report(report, Step.SIGNED, f"serial {svid.facts.serial}")
            served = await self._follow(svid.facts, report) if self.served is not None else None
        except MeshError as error:
            self._report(report, Step.FAILED, error.message)
            raise
        finally:
            self.step = None
            self._changed()
        return before, svid.facts, served

    async def _follow(self, after: CertificateFacts, report: Report) -> bool:
        proxy = self.proxy
        assert proxy is not None
        await self._pulse.until(lambda: proxy.running, SERVE_DEADLINE)  # one that died may be back in a moment
        if proxy.down:
            raise UnreachableError(f"The agent holds the new certificate, but it is not served: {proxy.down}")
        took = await self._pulse.until(lambda: bool(self.rejected) or self._serves(after), SERVE_DEADLINE)
        if self.rejected or not took:
            reason = self.rejected or f"it still serves another after {SERVE_DEADLINE:g} s"
            raise MeshError(f"Envoy did not take {after.serial}: {reason}.", fix=f"meshtui verify {self.target}")
        self._report(report, Step.PUSHED, "Envoy acknowledged it")
        if self.inbound_mtls is not None:
            self._report(report, Step.VERIFYING, "TLS handshake")
            presented = await until_presented(
                self.inbound_mtls, "", after.sha256, SERVE_DEADLINE, self._context.observed.own
            )
            if presented.facts.sha256 != after.sha256:
                raise MeshError(f"The wire presents {presented.facts.serial}, not {after.serial}.")
        return True

    def _serves(self, facts: CertificateFacts) -> bool:
        served = self.served
        return served is not None and served.certificate is not None and served.certificate.sha256 == facts.sha256

    def _socket(self, purpose: str) -> Path:
        return self._context.paths.socket(purpose, self.target)

    def _report(self, report: Report, step: Step, text: str) -> None:
        self.step = step
        report(step, text)
        self._changed()

    def _changed(self) -> None:
        self._publish()
        self._pulse.beat()
        self._context.changed(self.target)

    def _publish(self) -> None:
        """Serve what is held, if that is something new."""
        held = [(each.secret_name, each.svid) for each in self.identities if each.svid is not None]
        if self._publisher is None or self.svid is None or self._published == (*held, self._bundles):
            return
        self._published = (*held, self._bundles)
        self._refused = Refusals()
        resources = {name: key_pair(name, svid) for name, svid in held}
        resources |= {name: bundle(name, pem) for name, pem in ((BUNDLE, self.svid.bundle.pem), *self._bundles.items())}
        self._publisher.publish({SECRET: resources})

    def _on_secret_verdict(self, verdict: Verdict) -> None:
        assert self._publisher is not None
        self._publisher.hear(verdict)
        self._refused.hear(verdict)
        if self.proxy is not None:
            self.proxy.look()
        self._changed()

    def _on_proxy(self) -> None:
        self._pulse.beat()
        self._context.changed(self.target)


def runs_httpbin(workload: Workload) -> bool:
    """Whether the image is an httpbin, whoever built it: then ours stands in for it."""
    name = workload.image.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return name in ("httpbin", "go-httpbin")
