"""One gateway certificate of the mesh: issued into a Secret, pushed to the gateways' Envoys, followed to the wire."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from cryptography import x509

from meshtui.agent.gateway_client import KeyPair
from meshtui.agent.rotation import retry_delay, wait_until
from meshtui.backends.embedded.context import Context, Report
from meshtui.backends.embedded.issued import recorded
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.workload import SERVE_DEADLINE
from meshtui.errors import IdentityError, MeshError, UnreachableError, UsageError
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.lifetime import Lifetime, rotate_at
from meshtui.manifest.credential import Credential, key_pair
from meshtui.mesh.judge import Standing
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Truth
from meshtui.probe.tls import Address, until_presented

Store = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Applies one document to the mesh."""


class Edge(Protocol):
    """Where a gateway certificate is presented, as the mesh is now."""

    def proxies(self, target: str) -> list[EnvoyProxy]:
        """The gateways' Envoys that are to present it."""

    def endpoints(self, target: str) -> list[tuple[str, Address]]:
        """Each host with the address at which a gateway answers for it."""


def secret_name(credential: Credential) -> str:
    """What Envoy knows the Secret by (Istio's name for it)."""
    return f"kubernetes://{credential.namespace}/{credential.name}"


class CredentialRuntime:
    """The life of one gateway certificate."""

    def __init__(self, credential: Credential, context: Context, store: Store, edge: Edge) -> None:
        self.target = credential.target
        self._context = context
        self._store = store
        self._edge = edge
        self._pulse = Pulse()
        self._renewal: asyncio.Task[None] | None = None
        self._single = asyncio.Lock()
        self._failures = 0
        self.step: Step | None = None
        self.error = ""
        self._unreachable = False
        self.count = 0
        self.issued = Truth()
        self.take(credential)

    def take(self, credential: Credential) -> None:
        """The Secret, or who refers to it, is like this now."""
        self.credential = credential
        self.chain: tuple[x509.Certificate, ...] = ()
        self.broken = ""
        """Why the Secret's certificate cannot be read."""
        pair = key_pair(credential.secret) if credential.secret is not None else None
        if pair is not None:
            try:
                self.chain = load_certificates(pair[0])
            except IdentityError as error:
                self.broken = error.message
        self.refresh_issued()

    def start(self) -> None:
        """Keep it fresh from now on."""
        self._renewal = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Leave it as it is."""
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal

    @property
    def authority(self) -> str:
        """Name of the gateway root that signs it; empty for a Secret that was brought from elsewhere."""
        return self.credential.secret.issuer if self.credential.secret is not None else ""

    @property
    def held(self) -> Truth:
        """What the Secret has."""
        if self.broken:
            return Truth(unknown=self.broken)
        return Truth(certificate=facts(self.chain[0]) if self.chain else None)

    @property
    def served(self) -> Truth | None:
        """What the gateways' Envoys have in service; the one that differs when they differ. None without any."""
        truths = [proxy.served(secret_name(self.credential)) for proxy in self._edge.proxies(self.target)]
        held = self.held.certificate
        return next((truth for truth in truths if truth.certificate != held), truths[0] if truths else None)

    @property
    def served_by(self) -> str:
        """The kind of proxy that presents it; empty when none runs."""
        return next((proxy.version for proxy in self._edge.proxies(self.target)), "")

    @property
    def standing(self) -> Standing:
        """How its renewal goes."""
        lifetime = self._lifetime()
        return Standing(
            lifetime=lifetime,
            due_at=rotate_at(lifetime, self._context.settings.rotate_at, 0) if lifetime and self.authority else None,
            rotating=self.step not in (None, Step.SERVED, Step.FAILED),
            error=self.error or self.broken,
            unreachable=self._unreachable,
        )

    @property
    def last_error(self) -> str:
        """The most telling thing that is wrong, in words."""
        troubles = (proxy.trouble for proxy in self._edge.proxies(self.target))
        return self.error or self.broken or next(filter(None, troubles), "")

    def refresh_issued(self) -> None:
        """Look up in the ledger what the CA signed last for this Secret."""
        entry = self._context.ledger.latest_for_target(self.target)
        if entry is not None:
            self.issued = Truth(certificate=recorded(entry))
        elif self.chain:
            self.issued = Truth(unknown="it was not signed by this mesh's CA")
        else:
            self.issued = Truth()

    async def rotate(self, report: Report, actor: str) -> tuple[CertificateFacts | None, CertificateFacts, bool | None]:
        """Put a new key and certificate into the Secret and follow them until the wire presents them.

        Returns the certificate before, the one after, and whether it is served (None where no Envoy runs). When the
        gateways do not take it, the Secret gets back what it had, and MeshError is raised.
        """
        async with self._single:
            before, old = self.held.certificate, self.credential.secret
            try:
                self._report(report, Step.KEY, "new key and CSR")
                pair = await self._sign(actor)
                after = facts(pair.chain[0])
                self._report(report, Step.SIGNED, f"serial {after.serial}")
                await self._store(self._document(pair))
                try:
                    served = await self._follow(after, report)
                except UnreachableError:
                    raise  # an Envoy that is down did not refuse it, and gets it when it is back
                except MeshError:
                    if old is not None and key_pair(old) is not None:
                        await self._store(old.document)
                    raise
            except MeshError as error:
                self.error, self._unreachable = error.message, isinstance(error, UnreachableError)
                self._report(report, Step.FAILED, error.message)
                raise
            else:
                self.error, self._unreachable = "", False
                self.count += 1
            finally:
                self.step = None
                self._context.changed(self.target)
            return before, after, served

    def beat(self) -> None:
        """Something that its truths depend on is different."""
        self._pulse.beat()

    def _lifetime(self) -> Lifetime | None:
        if not self.chain:
            return None
        certificate = facts(self.chain[0])
        entry = self._context.ledger.by_serial(certificate.serial)
        issued_at = entry.at if entry is not None else certificate.not_before
        return Lifetime(issued_at, certificate.not_after)

    async def _sign(self, actor: str) -> KeyPair:
        secret = self.credential.secret
        if secret is not None and not secret.issuer and key_pair(secret) is not None:
            raise UsageError(
                f"{self.target} was not issued here, so it cannot be renewed here.",
                fix="Apply a Secret with the new certificate, or annotate it with meshtui.io/issuer: NAME.",
            )
        hosts = self.credential.hosts or tuple(self._names())
        if not hosts:
            raise UsageError(f"No Gateway refers to {self.target}, so its hosts are not known.")
        return await self._context.gateway_ca.issue(
            authority=self.authority or _domain(hosts[0]),
            hosts=hosts,
            lifetime=secret.lifetime if secret is not None else None,
            target=self.target,
            actor=actor,
            now=self._context.clock(),
        )

    def _names(self) -> tuple[str, ...]:
        return facts(self.chain[0]).sans if self.chain else ()

    def _document(self, pair: KeyPair) -> dict[str, Any]:
        credential = self.credential
        if credential.secret is not None:
            document = dict(credential.secret.document)
        else:
            annotations = {"meshtui.io/issuer": _domain(credential.hosts[0])}
            metadata = {"name": credential.name, "namespace": credential.namespace, "annotations": annotations}
            document = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls"}
        data = {"tls.crt": pair.chain_pem, "tls.key": pair.private_key_pem}
        encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
        return document | {"data": {**document.get("data", {}), **encoded}}

    async def _follow(self, after: CertificateFacts, report: Report) -> bool | None:
        proxies = self._edge.proxies(self.target)
        if not proxies:
            return None
        await self._pulse.until(lambda: not any(proxy.starting for proxy in proxies), SERVE_DEADLINE)
        if down := next((proxy.down for proxy in proxies if proxy.down), ""):
            raise UnreachableError(f"The Secret has the new certificate, but it is not served: {down}")
        if not await self._pulse.until(lambda: self._serves(after), SERVE_DEADLINE):
            reason = next((proxy.rejected for proxy in proxies if proxy.rejected), "it still serves another")
            raise MeshError(f"Envoy did not take {after.serial}: {reason}.", fix=f"meshtui verify {self.target}")
        self._report(report, Step.PUSHED, "Envoy acknowledged it")
        self._report(report, Step.VERIFYING, "TLS handshake")
        for host, address in self._edge.endpoints(self.target):
            presented = await until_presented(address, example_name(host), after.sha256, SERVE_DEADLINE)
            if presented.facts.sha256 != after.sha256:
                raise MeshError(f"{host} at {address} presents {presented.facts.serial}, not {after.serial}.")
        return True

    def _serves(self, after: CertificateFacts) -> bool:
        served = self.served
        return served is not None and served.certificate is not None and served.certificate.sha256 == after.sha256

    def _report(self, report: Report, step: Step, text: str) -> None:
        self.step = step
        report(step, text)
        self._context.changed(self.target)

    async def _run(self) -> None:
        while True:
            delay = wait_until(self._due(), self._context.clock())
            if delay:
                await self._pulse.until(lambda: self._due() <= self._context.clock(), delay)
                continue
            try:
                await self.rotate(lambda _step, _text: None, "schedule")
                self._failures = 0
            except MeshError:
                self._failures += 1
                await asyncio.sleep(retry_delay(self._failures, 0.9, None))

    def _due(self) -> datetime:
        """When the next rotation is due: at once for what is to be issued here and is not there yet."""
        far = self._context.clock() + timedelta(days=1)
        if not self.authority or not (self.credential.hosts or self.chain):
            return far
        if not self.chain:
            return self._context.clock()
        due_at = self.standing.due_at
        return due_at if due_at is not None else far


def _domain(host: str) -> str:
    """The gateway root for a host that names none: its registered-looking part, `example.com` for `a.b.example.com`."""
    return ".".join(host.removeprefix("*.").split(".")[-2:])


def example_name(host: str) -> str:
    """A name that a server for `host` answers to."""
    return host.replace("*", "any", 1) if host != "*" else ""
