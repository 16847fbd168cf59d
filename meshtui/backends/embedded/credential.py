"""One gateway certificate of the mesh: issued into a Secret, renewed there, and followed to the wire.

Asking the CA and following what came are kept apart: a certificate that is not served yet is no failure of the CA,
and shows by itself as `held≠served`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from cryptography import x509

from meshtui.agent.gateway_client import KeyPair
from meshtui.agent.rotation import retry_delay, wait_until
from meshtui.backends.embedded.context import Context, Report
from meshtui.backends.embedded.issued import recorded
from meshtui.backends.embedded.loops import forever
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.secret_documents import authority_for, with_pair
from meshtui.backends.embedded.workload import SERVE_DEADLINE
from meshtui.errors import IdentityError, MeshError, UnreachableError, UsageError
from meshtui.gateway.credential import Credential
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.lifetime import Lifetime, rotate_at
from meshtui.manifest.model import Secret
from meshtui.manifest.secret_data import key_pair
from meshtui.mesh.judge import Standing
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Truth
from meshtui.probe.tls import Address, until_presented
from meshtui.xds.naming import gateway_secret

Replace = Callable[[Secret | None, Mapping[str, Any]], Awaitable[None]]
"""Puts a document in the place of a Secret, if that is still the one that was seen; raises RefusedError if not."""


class Edge(Protocol):
    """Where a gateway certificate is presented, as the mesh is now."""

    def proxies(self, target: str) -> list[EnvoyProxy]:
        """The gateways' Envoys that are to present it."""

    def endpoints(self, target: str) -> list[tuple[str, Address]]:
        """Each host with the address at which a gateway answers for it."""


class CredentialRuntime:
    """The life of one gateway certificate."""

    def __init__(self, credential: Credential, context: Context, replace: Replace, edge: Edge) -> None:
        self.target = credential.target
        self._context = context
        self._replace = replace
        self._edge = edge
        self._pulse = Pulse()
        self._renewal: asyncio.Task[None] | None = None
        self._single = asyncio.Lock()
        self._failures = 0
        self._shift = random.uniform(-0.01, 0.01)  # noqa: S311 - so that what was issued together is not renewed together
        self.step: Step | None = None
        self.error = ""
        """Of the last attempt to have it signed; empty when that succeeded or the Secret is another since."""
        self._unreachable = False
        self.count = 0
        self.issued = Truth()
        self.take(credential)

    def take(self, credential: Credential) -> None:
        """The Secret, or who refers to it, is like this now."""
        self.credential = credential
        self.error, self._unreachable = "", False
        self.chain: tuple[x509.Certificate, ...] = ()
        self.facts: CertificateFacts | None = None
        self.broken = ""
        """Why the Secret's certificate cannot be read."""
        pair = key_pair(credential.secret) if credential.secret is not None else None
        if pair is not None:
            try:
                chain = load_certificates(pair[0])
                self.facts, self.chain = facts(chain[0]), chain
            except IdentityError as error:
                self.broken = error.message
        self._lifetime = self._look_up_lifetime()
        self.refresh_issued()
        self._pulse.beat()

    def start(self) -> None:
        """Keep it fresh from now on."""
        self._renewal = asyncio.create_task(forever(f"renewing {self.target}", self._renew_when_due))

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
    def brought(self) -> bool:
        """Whether the certificate was made elsewhere, so that it cannot be renewed here."""
        secret = self.credential.secret
        return secret is not None and not secret.issuer and key_pair(secret) is not None

    @property
    def expected(self) -> bool:
        """Whether it is to be issued here by itself: somebody names its issuer, and its hosts are known."""
        return bool(self.authority) and bool(self.credential.hosts or self.chain)

    @property
    def held(self) -> Truth:
        """What the Secret has."""
        return Truth(unknown=self.broken) if self.broken else Truth(certificate=self.facts)

    @property
    def served(self) -> Truth | None:
        """What the gateways' Envoys have in service; the one that differs when they differ. None without any."""
        name = gateway_secret(self.credential.namespace, self.credential.name)
        truths = [proxy.served(name) for proxy in self._edge.proxies(self.target)]
        differing = [truth for truth in truths if truth.certificate != self.facts]
        known = [truth for truth in differing if not truth.unknown]
        return next(iter([*known, *differing, *truths]), None)

    @property
    def served_by(self) -> str:
        """The kind of proxy that presents it; empty when none runs."""
        return next((proxy.version for proxy in self._edge.proxies(self.target)), "")

    @property
    def standing(self) -> Standing:
        """How its renewal goes."""
        share = self._context.settings.rotate_at
        return Standing(
            lifetime=self._lifetime,
            due_at=rotate_at(self._lifetime, share, self._shift) if self._lifetime and self.authority else None,
            rotating=self.step not in (None, Step.SERVED, Step.FAILED),
            error=self.error or self.broken,
            unreachable=self._unreachable,
            renewable=not self.brought,
        )

    @property
    def last_error(self) -> str:
        """The most telling thing that is wrong, in words."""
        troubles = (proxy.trouble or proxy.silent for proxy in self._edge.proxies(self.target))
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

    def beat(self) -> None:
        """Something that its truths depend on is different."""
        self._pulse.beat()

    async def rotate(self, report: Report, actor: str) -> tuple[CertificateFacts | None, CertificateFacts, bool | None]:
        """Put a new key and certificate into the Secret and follow them until the wire presents them.

        Returns the certificate before, the one after, and whether it is served (None where no Envoy runs). When the
        gateways do not take it, the Secret gets back what it had, and MeshError is raised.
        """
        async with self._single:
            before, old = self.facts, self.credential.secret
            try:
                self._report(report, Step.KEY, "new key and CSR")
                pair = await self._sign(actor)
                after = facts(pair.chain[0])
                self._report(report, Step.SIGNED, f"serial {after.serial}")
                await self._replace(old, with_pair(self.credential, pair))
                self.count += 1
                try:
                    served = await self._follow(after, report)
                except UnreachableError:
                    raise  # an Envoy that is down did not refuse it, and gets it when it is back
                except MeshError:
                    if old is not None and key_pair(old) is not None:
                        await self._replace(self.credential.secret, old.document)
                    raise
            except MeshError as error:
                self._report(report, Step.FAILED, error.message)
                raise
            finally:
                self.step = None
                self._context.changed(self.target)
            return before, after, served

    async def _sign(self, actor: str) -> KeyPair:
        secret = self.credential.secret
        hosts = self.credential.hosts or (self.facts.sans if self.facts is not None else ())
        if not hosts:
            raise UsageError(f"No Gateway refers to {self.target}, so its hosts are not known.")
        try:
            return await self._context.gateway_ca.issue(
                authority=authority_for(self.credential),
                hosts=hosts,
                lifetime=secret.lifetime if secret is not None else None,
                target=self.target,
                actor=actor,
                now=self._context.clock(),
            )
        except MeshError as error:
            self.error, self._unreachable = error.message, isinstance(error, UnreachableError)
            raise

    async def _follow(self, after: CertificateFacts, report: Report) -> bool | None:
        proxies = self._edge.proxies(self.target)
        if not proxies:
            return None
        # one that died may be back in a moment
        await self._pulse.until(lambda: all(proxy.running for proxy in proxies), SERVE_DEADLINE)
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

    def _look_up_lifetime(self) -> Lifetime | None:
        if self.facts is None:
            return None
        entry = self._context.ledger.by_serial(self.facts.serial)
        return Lifetime(entry.at if entry is not None else self.facts.not_before, self.facts.not_after)

    async def _renew_when_due(self) -> None:
        delay = wait_until(self._due(), self._context.clock(), random.random())  # noqa: S311
        if delay:
            await self._pulse.until(lambda: self._due() <= self._context.clock(), delay)
            return
        try:
            await self.rotate(lambda _step, _text: None, "schedule")
        except MeshError:
            self._failures += 1  # the row says what; the next attempt comes after a pause
        else:
            # a success that leaves it due would otherwise be repeated at once, and for ever
            self._failures = self._failures + 1 if self._due() <= self._context.clock() else 0
        if self._failures:
            await asyncio.sleep(retry_delay(self._failures, random.random(), None))  # noqa: S311

    def _due(self) -> datetime:
        """When the next rotation is due: at once for what is to be issued here and is not there yet."""
        now = self._context.clock()
        due_at = self.standing.due_at if self.chain else now
        return due_at if self.expected and due_at is not None else now + timedelta(days=1)


def example_name(host: str) -> str:
    """A name that a server for `host` answers to; empty where any does."""
    return host.replace("*", "any", 1) if host != "*" else ""
