"""The versions of Secrets: today's and the one before, and how one is put in the place of another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from meshtui.backends.embedded.desired import Desired
from meshtui.errors import RefusedError
from meshtui.manifest.model import ObjectKey, Secret
from meshtui.manifest.secret_data import key_pair


class SecretVersions:
    """What the parts that replace key pairs may do to the manifests, and no more."""

    def __init__(self, desired: Desired, changing: asyncio.Lock, reconcile: Callable[[], Awaitable[None]]) -> None:
        """`changing` is held by whoever changes manifests; `reconcile` lets run what they say then."""
        self._desired = desired
        self._changing = changing
        self._reconcile = reconcile

    def previous(self, key: ObjectKey) -> Secret | None:
        """The version before today's."""
        return self._desired.previous.get(key)

    async def replace(self, seen: Secret | None, new: Secret) -> None:
        """Put a Secret in the place of the one that was `seen`, which is kept as the version before if it has a pair.

        Raises RefusedError when it is another now, or gone.
        """
        kept = seen if seen is not None and key_pair(seen) is not None else self.previous(new.key)
        await self.exchange(seen, new, kept)

    async def exchange(self, seen: Secret | None, new: Secret, previous: Secret | None) -> None:
        """The same, with another as the version before: to take a replacement back as if it had never been."""
        async with self._changing:
            if self._desired.catalog.get(new.key) != seen:
                raise RefusedError(
                    f"{new.key} was changed meanwhile; that change stands.", fix="Look at it and try again."
                )
            self._desired.exchange(new, previous)
            await self._reconcile()
