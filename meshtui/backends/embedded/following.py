"""Follows a new gateway certificate from its Secret to what the wire presents.

Envoy's word comes first, a handshake with every host last. What fails although it was well before is the new
certificate's fault; what did not answer before, or whose Envoy is down, is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol, TypeVar

from meshtui.backends.embedded.context import Report
from meshtui.backends.embedded.proxy import EnvoyProxy
from meshtui.backends.embedded.pulse import Pulse
from meshtui.backends.embedded.workload import SERVE_DEADLINE
from meshtui.errors import MeshError, RefusedError, UnreachableError
from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.rows import Step
from meshtui.probe.tls import Address, seen

T = TypeVar("T")
Endpoint = tuple[str, Address]
"""A host, and where a gateway answers for it."""
AT_ONCE = 16
"""Handshakes beside each other."""
BASELINE = 1.0
"""Seconds that a host has to answer before its certificate is replaced."""
PATIENCE = 1.5
"""Seconds without any handshake after which the new certificate is at fault: clients have none either."""
_LOOK_AGAIN = 0.01


class Edge(Protocol):
    """Where a gateway certificate is presented, as the mesh is now."""

    def proxies(self, target: str) -> list[EnvoyProxy]:
        """The gateways' Envoys that are to present it."""

    def endpoints(self, target: str) -> list[Endpoint]:
        """Each host with the address at which a gateway answers for it."""


class Follower:
    """Follows certificates of one target."""

    def __init__(self, target: str, secret: str, edge: Edge, pulse: Pulse) -> None:
        """`secret` is Envoy's name of it; `pulse` beats when Envoy or the Secret is different."""
        self._target = target
        self._secret = secret
        self._edge = edge
        self._pulse = pulse

    async def answering(self) -> frozenset[Endpoint]:
        """Which of its hosts take a handshake now."""

        async def ask(endpoint: Endpoint) -> Endpoint | None:
            try:
                async with asyncio.timeout(BASELINE):
                    await seen(endpoint[1], example_name(endpoint[0]))
            except (UnreachableError, TimeoutError):
                return None
            return endpoint

        answers = await _each(self._edge.endpoints(self._target), ask)
        return frozenset(endpoint for endpoint in answers if endpoint is not None)

    async def follow(
        self,
        after: CertificateFacts,
        displaced: Callable[[], str],
        answered: Collection[Endpoint],
        report: Report,
    ) -> bool | None:
        """Wait until every Envoy and every host presents it; None where no Envoy is to.

        `displaced` says why it is no longer what is to be served. `answered` are the hosts that took a handshake
        before. Raises MeshError when it is not taken, UnreachableError when that cannot be said because of
        something else, RefusedError when it is displaced.
        """
        self._must_stand(displaced)
        proxies = self._edge.proxies(self._target)
        if not proxies:
            return None
        # one that died may be back in a moment
        await self._until(lambda: all(proxy.running for proxy in proxies), displaced)
        self._must_run(proxies)
        await self._until(lambda: self._refusal(proxies) or self._serve(proxies, after), displaced)
        if not self._serve(proxies, after):
            self._must_run(proxies)
            raise self._not_taken(
                after, self._refusal(proxies) or f"it still serves another after {SERVE_DEADLINE:g} s"
            )
        report(Step.PUSHED, "Envoy acknowledged it")
        report(Step.VERIFYING, "TLS handshake")
        await self._handshakes(proxies, after, displaced, answered)
        return True

    async def until_served(self, certificate: CertificateFacts) -> bool:
        """Wait until every Envoy has it in service; returns whether that came true in time."""
        proxies = self._edge.proxies(self._target)
        return await self._pulse.until(lambda: self._serve(proxies, certificate), SERVE_DEADLINE)

    async def _handshakes(
        self,
        proxies: Collection[EnvoyProxy],
        after: CertificateFacts,
        displaced: Callable[[], str],
        answered: Collection[Endpoint],
    ) -> None:
        async def ask(endpoint: Endpoint) -> MeshError | None:
            try:
                return await self._look(endpoint, after, PATIENCE if endpoint in answered else SERVE_DEADLINE)
            except UnreachableError as error:
                self._must_run(proxies)
                host = endpoint[0]
                if endpoint in answered:
                    return MeshError(
                        f"{host} takes no handshake with {after.serial}, as it did before: {error.message}"
                    )
                return UnreachableError(
                    f"Envoy has {after.serial}, but {host} takes no handshake, nor did it before: {error.message}",
                    fix=f"meshtui verify {self._target}",
                )

        asking = asyncio.create_task(_each(self._edge.endpoints(self._target), ask))
        # of a certificate that it has had before, Envoy may show the serial while it still looks at the key
        ended = asyncio.create_task(
            self._pulse.until(lambda: bool(displaced() or self._refusal(proxies)), 2 * SERVE_DEADLINE)
        )
        try:
            await asyncio.wait((asking, ended), return_when=asyncio.FIRST_COMPLETED)
            self._must_stand(displaced)
            if refusal := self._refusal(proxies):
                raise self._not_taken(after, refusal)
            found = [error for error in await asking if error is not None]
        finally:
            asking.cancel()
            ended.cancel()
        # what is the certificate's own fault goes before what is not
        for error in sorted(found, key=lambda error: isinstance(error, UnreachableError)):
            raise error

    async def _look(self, endpoint: Endpoint, after: CertificateFacts, patience: float) -> MeshError | None:
        """Look until it is presented. A worker of Envoy takes a moment to use what is acknowledged, and tells nobody.

        Raises UnreachableError when there is no handshake for so many seconds.
        """
        (host, address), clock = endpoint, asyncio.get_running_loop().time
        begun = heard = clock()
        while True:
            try:
                presented = (await seen(address, example_name(host))).facts
            except UnreachableError:
                if clock() - heard > patience:
                    raise
            else:
                heard = clock()
                if presented.sha256 == after.sha256:
                    return None
                if heard - begun > SERVE_DEADLINE:
                    return MeshError(f"{host} at {address} presents {presented.serial}, not {after.serial}.")
            await asyncio.sleep(_LOOK_AGAIN)

    def _not_taken(self, after: CertificateFacts, reason: str) -> MeshError:
        return MeshError(f"Envoy did not take {after.serial}: {reason}.", fix=f"meshtui verify {self._target}")

    async def _until(self, condition: Callable[[], object], displaced: Callable[[], str]) -> None:
        await self._pulse.until(lambda: bool(displaced() or condition()), SERVE_DEADLINE)
        self._must_stand(displaced)

    def _serve(self, proxies: Collection[EnvoyProxy], after: CertificateFacts) -> bool:
        served = [proxy.served(self._secret).certificate for proxy in proxies]
        return all(each is not None and each.sha256 == after.sha256 for each in served)

    def _refusal(self, proxies: Collection[EnvoyProxy]) -> str:
        return next(filter(None, (proxy.refused(self._secret) for proxy in proxies)), "")

    @staticmethod
    def _must_run(proxies: Collection[EnvoyProxy]) -> None:
        if down := next((proxy.down for proxy in proxies if proxy.down), ""):
            raise UnreachableError(f"The Secret has the new certificate, but it is not served: {down}")

    @staticmethod
    def _must_stand(displaced: Callable[[], str]) -> None:
        if reason := displaced():
            raise RefusedError(reason)


async def _each(endpoints: Collection[Endpoint], ask: Callable[[Endpoint], Awaitable[T]]) -> list[T]:
    places = asyncio.Semaphore(AT_ONCE)

    async def in_turn(endpoint: Endpoint) -> T:
        async with places:
            return await ask(endpoint)

    return list(await asyncio.gather(*(in_turn(endpoint) for endpoint in endpoints)))


def example_name(host: str) -> str:
    """A name that a server for `host` answers to; empty where any does."""
    return host.replace("*", "any", 1) if host != "*" else ""
