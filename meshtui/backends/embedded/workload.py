"""One workload of the mesh: its agent, its secrets on a socket, and where it has them, its Envoy and app."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from meshtui.agent.sds_service import KEY_PAIR, register_sds, secrets_of
from meshtui.agent.secrets import SecretManager
from meshtui.agent.states import Failed
from meshtui.backends.embedded.context import Context, Report
from meshtui.backends.embedded.issued import recorded
from meshtui.backends.embedded.proxy import EnvoyProxy, Refusals
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.worlds import uses_identity
from meshtui.errors import MeshError, UnreachableError
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.keys import PrivateKey
from meshtui.identity.lifetime import Lifetime
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from meshtui.manifest.workload import Proxy, Workload
from meshtui.mesh.judge import Standing
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Truth
from meshtui.probe.tls import Address, until_presented
from meshtui.wire.discovery import Verdict, World
from meshtui.wire.streams import DiscoveryServer, Distributor
from meshtui.workloads.httpbin import Httpbin
from meshtui.xds.context import ProxyContext

_LOG = logging.getLogger(__name__)
TOKEN_LIFETIME = timedelta(hours=1)
SERVE_DEADLINE = 10.0
"""Seconds from the new certificate to Envoy presenting it."""


class WorkloadRuntime:
    """Everything that runs for one workload, and its four truths."""

    def __init__(self, workload: Workload, deployment_uid: str, context: Context) -> None:
        """`deployment_uid` gives the pod the same uid at every start, which is how the ledger knows it again."""
        self.workload = workload
        self.target = workload.target
        self._context = context
        self.pod_uid = str(uuid.uuid5(uuid.UUID(deployment_uid), "pod-0"))
        self.pod_name = f"{workload.name}-{self.pod_uid[:8]}"
        self.spiffe_id = SpiffeId.for_service_account(
            context.settings.trust_domain, workload.namespace, workload.service_account
        )
        self.secrets = SecretManager(
            self._fetch, share=context.settings.rotate_at, clock=context.clock, on_change=self._changed
        )
        self.issued = Truth()
        self.step: Step | None = None
        self._refused = Refusals()
        self._pulse = Pulse()
        self._published = ""
        self._in_use = True
        self._logged: Failed | None = None
        self.sds_socket = self._socket("sds") if workload.proxy is not Proxy.NONE else None
        """None for an agent that serves nobody."""
        self._sds: DiscoveryServer | None = None
        self.proxy: EnvoyProxy | None = None
        if self.sds_socket is not None:
            distributor = Distributor(self._on_secret_verdict, lambda _: None)
            self._sds = DiscoveryServer(self.sds_socket, register_sds, distributor)
            if workload.proxy is not Proxy.AGENT and context.envoy is not None:
                self.proxy = EnvoyProxy(self.target, self.sds_socket, context, self._on_proxy)
        self._app: Httpbin | None = None
        if workload.proxy is Proxy.SIDECAR and runs_httpbin(workload):
            self._app = Httpbin(self._socket("app"))

    async def start(self) -> None:
        """Start every part; certificates and proxies follow by themselves."""
        self.refresh_issued()
        if self._sds is not None:
            await self._sds.start()
        if self._app is not None:
            await self._app.start()
        self._context.schedule.add(self.secrets)
        if self.proxy is not None:
            await self.proxy.start()

    async def stop(self) -> None:
        """Stop every part, the proxy first."""
        self._context.schedule.discard(self.secrets)
        if self.proxy is not None:
            await self.proxy.stop()
        if self._sds is not None:
            await self._sds.stop()
        if self._app is not None:
            await self._app.stop()

    def configure(self, world: World) -> None:
        """Give the proxy this configuration."""
        if self.proxy is not None:
            self._in_use = uses_identity(world)
            self.proxy.publish(world)

    @property
    def svid(self) -> Svid | None:
        """The certificate in service."""
        ready = self.secrets.ready
        return ready.svid if ready is not None else None

    @property
    def held(self) -> Truth:
        """What the agent has."""
        svid = self.svid
        return Truth(certificate=svid.facts if svid is not None else None)

    @property
    def served(self) -> Truth | None:
        """What its Envoy says it presents; None without one, or when nothing it does needs a certificate."""
        return self.proxy.served(KEY_PAIR) if self.proxy is not None and self._in_use else None

    @property
    def inbound(self) -> Address | None:
        """Where its sidecar takes mTLS; None without one, or with nothing behind it."""
        if self.proxy is None or self._app is None:
            return None
        return Address(path=str(self._socket("in")))

    @property
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
        """How its renewal goes."""
        ready, state = self.secrets.ready, self.secrets.state
        error = state.error if isinstance(state, Failed) else ""
        return Standing(
            lifetime=Lifetime(ready.svid.issued_at, ready.svid.facts.not_after) if ready is not None else None,
            due_at=ready.due_at if ready is not None else None,
            rotating=bool(self.secrets.stage) or self.step not in (None, Step.SERVED, Step.FAILED),
            error=error,
            unreachable=isinstance(state, Failed) and state.unreachable,
        )

    @property
    def last_error(self) -> str:
        """The most telling thing that is wrong, in words."""
        trouble = (self.proxy.trouble or self.proxy.silent) if self.proxy is not None else ""
        return self.standing.error or self.rejected or trouble

    @property
    def rejected(self) -> str:
        """Envoy's words for a secret that it did not take."""
        return f"Envoy rejected its certificate: {self._refused.words}" if self._refused.words else ""

    def refresh_issued(self) -> None:
        """Look up in the ledger what the CA signed last for this pod."""
        entry = self._context.ledger.latest_for_pod(self.pod_uid)
        self.issued = Truth(certificate=recorded(entry, self.svid) if entry is not None else None)

    def learn_issued(self, serial: str) -> bool:
        """The CA has signed this for it: look it up unless it is known; returns whether it was news.

        Agent and CA both tell of each certificate, in any order.
        """
        known = self.issued.certificate
        if known is not None and known.serial == serial:
            return False
        self.refresh_issued()
        return True

    async def rotate(self, report: Report) -> tuple[CertificateFacts | None, CertificateFacts, bool | None]:
        """Replace the certificate and follow it until the wire presents it; `report` hears each step.

        Returns the certificate before, the one after, and whether it is served (None where nothing serves it).
        Raises MeshError, and leaves what is in service as it is, when no new certificate can be had.
        """
        before = self.held.certificate
        try:
            self._report(report, Step.KEY, "new key and CSR")
            svid = await self.secrets.rotate()
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
        if self.inbound is not None:
            self._report(report, Step.VERIFYING, "TLS handshake")
            presented = await until_presented(self.inbound, "", after.sha256, SERVE_DEADLINE)
            if presented.facts.sha256 != after.sha256:
                raise MeshError(f"The wire presents {presented.facts.serial}, not {after.serial}.")
        return True

    def _serves(self, facts: CertificateFacts) -> bool:
        served = self.served
        return served is not None and served.certificate is not None and served.certificate.sha256 == facts.sha256

    def _socket(self, purpose: str) -> Path:
        return self._context.paths.socket(purpose, self.target)

    async def _fetch(self, key: PrivateKey) -> Svid:
        context, workload = self._context, self.workload
        token = context.tokens.issue(
            workload.namespace,
            workload.service_account,
            pod_name=self.pod_name,
            pod_uid=self.pod_uid,
            audience="istio-ca",
            duration=TOKEN_LIFETIME,
            now=context.clock(),
        )
        return await context.ca.fetch_svid(key, self.spiffe_id, token, workload.secret_ttl)

    def _report(self, report: Report, step: Step, text: str) -> None:
        self.step = step
        report(step, text)
        self._changed()

    def _changed(self) -> None:
        state = self.secrets.state
        if isinstance(state, Failed) and state is not self._logged:
            self._logged = state
            _LOG.warning("%s: %s", self.target, state.error)
        svid = self.svid
        if svid is not None and svid.facts.sha256 != self._published:
            self._published = svid.facts.sha256
            self._refused = Refusals()
            if self._sds is not None:
                self._sds.publish(secrets_of(svid))
            self.learn_issued(svid.facts.serial)
        self._pulse.beat()
        self._context.changed(self.target)

    def _on_secret_verdict(self, verdict: Verdict) -> None:
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
