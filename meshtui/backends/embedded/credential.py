"""One gateway certificate of the mesh: issued into a Secret, renewed there, and followed to the wire.

Asking the CA and following what came are kept apart: a certificate that is not served yet is no failure of the CA,
and shows by itself as `held≠served`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from meshtui.backends.embedded.context import Context, Report
from meshtui.backends.embedded.following import Edge, Follower
from meshtui.backends.embedded.issued import recorded
from meshtui.backends.embedded.orders import hosts_of, order_for
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.renewing import Renewal
from meshtui.backends.embedded.secret_documents import undone, with_brought, with_pair
from meshtui.backends.embedded.versions import SecretVersions
from meshtui.errors import IdentityError, MeshError, RefusedError, StateError, UnreachableError
from meshtui.gateway.credential import Credential
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts, load_certificates
from meshtui.identity.lifetime import Lifetime, overdue_after, rotate_at
from meshtui.manifest.model import ObjectKey, Secret
from meshtui.manifest.pairs import leaf_of
from meshtui.manifest.secret_data import key_pair
from meshtui.mesh.actions import NO_TERMS, Brought, Terms
from meshtui.mesh.judge import Standing
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Truth
from meshtui.private_files import write_file
from meshtui.xds.naming import gateway_secret

Outcome = tuple[CertificateFacts | None, CertificateFacts, bool | None]
"""The certificate before, the one after, and whether that is served (None where no Envoy runs)."""
Make = Callable[[], Awaitable[Secret]]


class CredentialRuntime:
    """The life of one gateway certificate."""

    def __init__(self, credential: Credential, context: Context, versions: SecretVersions, edge: Edge) -> None:
        self.target = credential.target
        self.key = ObjectKey(Secret.kind, credential.namespace, credential.name)
        self._context = context
        self._versions = versions
        self._edge = edge
        self._pulse = Pulse()
        self._secret_name = gateway_secret(credential.namespace, credential.name)
        self._follower = Follower(self.target, self._secret_name, edge, self._pulse)
        self._renewal = Renewal(self._due, self._rotate_when_due, context.clock, self._pulse)
        self._single = asyncio.Lock()
        self._stopped = False
        self._shift = random.uniform(-0.01, 0.01)  # noqa: S311 - so that what was issued together is not renewed together
        self.step: Step | None = None
        self.error = ""
        """Of the last attempt to replace it; empty when that succeeded or the Secret is another since."""
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
        self.previous: CertificateFacts | None
        """Of the version before; None where there is none."""
        pair = key_pair(credential.secret) if credential.secret is not None else None
        if pair is not None:
            try:
                chain = load_certificates(pair[0])
                self.facts, self.chain = facts(chain[0]), chain
            except IdentityError as error:
                self.broken = error.message
        self._keep_roots()
        self._lifetime = self._look_up_lifetime()
        self.previous = leaf_of(self._versions.previous(self.key))
        self.refresh_issued()
        self._pulse.beat()

    def start(self) -> None:
        """Keep it fresh from now on."""
        self._renewal.start(self.target)

    async def stop(self) -> None:
        """Leave it as it is."""
        self._stopped = True
        self._pulse.beat()
        await self._renewal.stop()

    @property
    def authority(self) -> str:
        """Who signs it: a gateway root or the mesh's CA; empty for a Secret that was brought from elsewhere."""
        return self.credential.secret.issuer if self.credential.secret is not None else ""

    @property
    def brought(self) -> bool:
        """Whether the certificate was made elsewhere, so that it cannot be renewed here."""
        secret = self.credential.secret
        return secret is not None and not secret.issuer and key_pair(secret) is not None

    @property
    def brought_roots(self) -> Path:
        """Where the roots are, if it was made elsewhere and came with them."""
        return self._context.paths.brought_roots(self.key.namespace, self.key.name)

    @property
    def expected(self) -> bool:
        """Whether it is to be issued here by itself: somebody names its issuer, and its hosts are known."""
        return bool(self.authority) and bool(hosts_of(self.credential) or self.chain)

    @property
    def manual(self) -> bool:
        """Whether a person is to rotate it."""
        return self.credential.secret is not None and bool(self.credential.secret.rotation)

    @property
    def held(self) -> Truth:
        """What the Secret has."""
        return Truth(unknown=self.broken) if self.broken else Truth(certificate=self.facts)

    @property
    def served(self) -> Truth | None:
        """What the gateways' Envoys have in service; the one that differs when they differ. None without any."""
        truths = [proxy.served(self._secret_name) for proxy in self._edge.proxies(self.target)]
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
        settings = self._context.settings
        share = settings.rotate_at
        ours = self._lifetime is not None and (self.authority or self.manual)
        return Standing(
            lifetime=self._lifetime,
            due_at=rotate_at(self._lifetime, share, self._shift) if self._lifetime and ours else None,
            rotating=self.step not in (None, Step.SERVED, Step.FAILED),
            error=self.error or self.broken,
            unreachable=self._unreachable,
            renewable=not self.brought,
            overdue_after=overdue_after(share, settings.overdue_at),
            manual=self.manual,
        )

    @property
    def last_error(self) -> str:
        """The most telling thing that is wrong, in words."""
        troubles = (self._trouble(proxy) or proxy.silent for proxy in self._edge.proxies(self.target))
        return self.error or self.broken or next(filter(None, troubles), "")

    def _trouble(self, proxy: EnvoyProxy) -> str:
        """Why a proxy does not serve it. What else that did not take is no trouble of a certificate that it serves."""
        served = proxy.served(self._secret_name).certificate
        is_served = served is not None and self.facts is not None and served.sha256 == self.facts.sha256
        return proxy.down if is_served else proxy.trouble

    def refresh_issued(self) -> None:
        """Look up in the ledger what the CA signed for what the Secret has; without that, what it signed last.

        A newer one is no disagreement where a person, or a gateway that did not take it, has put the older one back.
        """
        ledger = self._context.ledger
        held = ledger.by_serial(self.facts.serial) if self.facts is not None else None
        entry = held or ledger.latest_for_target(self.target)
        if entry is not None and (held is not None or not self.chain):
            self.issued = Truth(certificate=recorded(entry))
        else:
            self.issued = Truth(unknown="it was not signed by this mesh's CA") if self.chain else Truth()

    def beat(self) -> None:
        """Something that its truths depend on is different."""
        self._pulse.beat()

    async def rotate(self, report: Report, actor: str, terms: Terms = NO_TERMS, *, first: bool = False) -> Outcome:
        """Put a new key and certificate into the Secret and follow them until the wire presents them.

        `first` is for where there must not be one yet. When the gateways do not take it, the Secret gets back what it
        had, and MeshError is raised.
        """

        async def make() -> Secret:
            order = order_for(self.credential, self.facts, terms)
            self._report(report, Step.KEY, f"new {order.key_kind} key and CSR")
            try:
                pair = await self._context.gateway_ca.issue(
                    authority=order.authority,
                    hosts=order.hosts,
                    key_kind=order.key_kind,
                    lifetime=order.lifetime,
                    target=self.target,
                    actor=actor,
                    now=self._context.clock(),
                )
            except MeshError as error:
                self.error, self._unreachable = error.message, isinstance(error, UnreachableError)
                raise
            return with_pair(self.credential, pair, order, terms)

        return await self._replace(make, report, first=first)

    async def bring(self, report: Report, brought: Brought, *, first: bool = False) -> Outcome:
        """The same with a pair that was made elsewhere, and that has been looked at."""

        async def make() -> Secret:
            return with_brought(self.credential, brought)

        return await self._replace(make, report, first=first)

    async def undo(self, report: Report) -> Outcome:
        """The same with the version before; the one of now becomes the version before."""
        wanted = self._versions.previous(self.key)

        async def make() -> Secret:
            previous, current = self._versions.previous(self.key), self.credential.secret
            if previous is None or current is None or previous != wanted:
                raise RefusedError(f"{self.target} was replaced meanwhile: it would go back to another version now.")
            return undone(current, previous)

        return await self._replace(make, report, first=False)

    async def _replace(self, make: Make, report: Report, *, first: bool) -> Outcome:
        async with self._single:
            before, old, kept = self.facts, self.credential.secret, self._versions.previous(self.key)
            # asked meanwhile, so that nobody waits for it
            asking = asyncio.create_task(self._follower.answering())
            try:
                if first and self.chain:
                    raise RefusedError(f"{self.target} has a certificate by now.", fix=f"meshtui rotate {self.target}")
                new = await make()
                after = leaf_of(new)
                assert after is not None  # both makers of pairs have read it
                self._report(report, Step.SIGNED, f"serial {after.serial}")
                answered = await asking
                await self._versions.replace(old, new)
                self.count += 1
                try:
                    served = await self._follower.follow(
                        after,
                        lambda: self._displaced(new),
                        answered,
                        lambda step, text: self._report(report, step, text),
                    )
                except (UnreachableError, RefusedError):
                    raise  # nothing is wrong with it
                except MeshError as error:
                    raise await self._taken_back(error, new, old, kept) from error
            except MeshError as error:
                self._report(report, Step.FAILED, error.message)
                raise
            finally:
                asking.cancel()
                self.step = None
                self._context.changed(self.target)
            return before, after, served

    def _displaced(self, new: Secret) -> str:
        if self._stopped:
            return f"{self.key} was deleted meanwhile; that change stands."
        return "" if self.credential.secret == new else f"{self.key} was changed meanwhile; that change stands."

    async def _taken_back(self, error: MeshError, new: Secret, old: Secret | None, kept: Secret | None) -> MeshError:
        """What to say once the Secret has again what it had before `new`, which was not taken."""
        before = leaf_of(old)
        if old is None or before is None:
            return MeshError(f"{error.message} There was none before it, so it stays.", fix=error.fix)
        try:
            await self._versions.exchange(new, old, kept)
        except RefusedError as refusal:
            return MeshError(f"{error.message} {refusal.message}", fix=error.fix)
        again = "is served" if await self._follower.until_served(before) else "is in the Secret"
        self.error = f"{error.message} It was taken back: {before.serial} {again} again."
        return MeshError(self.error, fix=error.fix)

    def _report(self, report: Report, step: Step, text: str) -> None:
        self.step = step
        report(step, text)
        self._context.changed(self.target)

    def _keep_roots(self) -> None:
        """As a file, because commands that verify it take no other; where it is not to be had they do without."""
        secret, path = self.credential.secret, self.brought_roots
        roots = secret.roots.encode() if secret is not None and self.brought else b""
        with suppress(OSError, StateError):
            if not roots:
                path.unlink(missing_ok=True)
            elif not path.exists() or path.read_bytes() != roots:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_file(path, roots, mode=0o644)

    def _look_up_lifetime(self) -> Lifetime | None:
        if self.facts is None:
            return None
        entry = self._context.ledger.by_serial(self.facts.serial)
        return Lifetime(entry.at if entry is not None else self.facts.not_before, self.facts.not_after)

    async def _rotate_when_due(self) -> None:
        await self.rotate(lambda _step, _text: None, "schedule")

    def _due(self) -> datetime:
        """When the next rotation is due: at once for what is to be issued here and is not there yet."""
        now = self._context.clock()
        if not self.expected or (self.chain and self.manual):
            return now + timedelta(days=1)
        due_at = self.standing.due_at if self.chain else now
        return due_at if due_at is not None else now + timedelta(days=1)
