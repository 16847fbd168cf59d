"""Gives a proxy the secrets of its agent, a new root before any leaf that needs it.

A peer that got its new leaf first would present what its neighbours cannot verify yet, and could not verify theirs.
"""

from __future__ import annotations

import asyncio

from meshtui.wire.discovery import SECRET, Resource, Verdict, World
from meshtui.wire.streams import DiscoveryServer

PATIENCE = 2.0
"""Seconds that leaves wait for a proxy to take the roots; one that never answers must not stop a rotation."""


def roots_first(published: World, wanted: World) -> World | None:
    """What to distribute before `wanted`: its roots with the key pairs as they are. None when roots stay the same."""
    old, new = published.get(SECRET, {}), wanted.get(SECRET, {})
    pairs = {name: resource for name, resource in old.items() if not _is_bundle(resource)}
    bundles = {name: resource for name, resource in new.items() if _is_bundle(resource)}
    if not pairs or all(name in old and old[name].version == each.version for name, each in bundles.items()):
        return None
    return {SECRET: pairs | bundles}


class Publisher:
    """What one proxy is given. On one event loop."""

    def __init__(self, server: DiscoveryServer) -> None:
        self._server = server
        self._published: World = {}
        self._next: World | None = None
        """Waits for the proxy to take the roots that are published."""
        self._late: asyncio.TimerHandle | None = None

    def publish(self, wanted: World) -> None:
        """Distribute these secrets: at once, or when the proxy has the roots among them."""
        before = roots_first(self._published, wanted)
        if before is None:
            if self._next is None:
                self._distribute(wanted)
            else:
                self._next = wanted  # the roots that it needs are on their way
            return
        self._calm_down()
        self._next = wanted
        self._late = asyncio.get_running_loop().call_later(PATIENCE, self._go_on)
        self._distribute(before)

    def hear(self, verdict: Verdict) -> None:
        """The proxy took, or refused, these versions."""
        bundles = {name: each.version for name, each in self._published.get(SECRET, {}).items() if _is_bundle(each)}
        if any(bundles.get(name) == version for name, version in verdict.versions.items()):
            self._go_on()

    def close(self) -> None:
        """Nothing more follows."""
        self._calm_down()

    def _go_on(self) -> None:
        if (wanted := self._next) is not None:
            self._calm_down()
            self._distribute(wanted)

    def _distribute(self, world: World) -> None:
        self._published = world
        self._server.publish(world)

    def _calm_down(self) -> None:
        self._next = None
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _is_bundle(resource: Resource) -> bool:
    return bool(resource.message.HasField("validation_context"))
