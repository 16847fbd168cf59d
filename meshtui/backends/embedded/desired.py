"""The manifests of the mesh, on disk and as a catalog: what is desired. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from meshtui.backends.embedded.acceptance import problems_of
from meshtui.backends.embedded.secret_documents import keeping_its_pair
from meshtui.config.store import ManifestStore
from meshtui.errors import ManifestError, UsageError
from meshtui.gateway.edge import Edge
from meshtui.manifest.catalog import Catalog, removed
from meshtui.manifest.documents import parse_document
from meshtui.manifest.model import Manifest, ObjectKey, Secret
from meshtui.manifest.pairs import leaf_of
from meshtui.manifest.secret_data import key_pair


class Desired:
    """Changes all of what it is given, or nothing."""

    def __init__(self, store: ManifestStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.catalog = Catalog()
        """Empty before `load`."""
        self.edge = Edge()
        """The same gateways and Secrets, judged."""
        self.previous: dict[ObjectKey, Secret] = {}
        """The version before today's of each Secret whose key pair was replaced."""

    def load(self, first: tuple[Manifest, ...]) -> None:
        """Read what is stored; `first` is what a mesh begins with that has never had anything."""
        if first:
            self.accept(first)
        self.catalog = Catalog.of(
            replace(parse_document(document), created_at=document["metadata"]["creationTimestamp"])
            for document in self._store.documents()
        )
        self.edge.change(self.catalog)
        kept = (parse_document(document) for document in self._store.previous())
        self.previous = {each.key: each for each in kept if isinstance(each, Secret)}

    def accept(self, objects: tuple[Manifest, ...]) -> None:
        """Create or replace all of them. Raises ManifestError and changes nothing if this mesh cannot have them.

        A Secret that gets another key pair is kept as the version before.
        """
        objects = tuple(keeping_its_pair(each, self.catalog.get(each.key)) for each in objects)
        self._put(objects, {each.key: known for each in objects if (known := self._losing_its_pair(each)) is not None})

    def exchange(self, secret: Secret, previous: Secret | None) -> None:
        """Put a Secret in its place, with another as the version before it. Raises ManifestError."""
        self._put((secret,), {secret.key: previous})

    def _put(self, objects: tuple[Manifest, ...], previous: Mapping[ObjectKey, Secret | None]) -> None:
        now = self._clock()
        objects = tuple(replace(each, created_at=self._birth(each.key) or now.isoformat()) for each in objects)
        after = self.catalog.apply(objects)
        if problems := problems_of(objects, after):
            raise ManifestError(problems)
        kept = {key: before.document if before is not None else None for key, before in previous.items()}
        self._store.put([(each.key, each.document) for each in objects], now, kept)
        self.catalog = after
        self.edge.change(objects)
        for key, before in previous.items():
            self.previous.pop(key, None)
            if before is not None:
                self.previous[key] = before

    def remove(self, key: ObjectKey) -> None:
        """Remove one object. Raises UsageError when there is none, ManifestError when others cannot do without it."""
        if self.catalog.get(key) is None:
            raise UsageError(f"There is no {key}.", fix=f"See: meshtui get {key.kind}")
        after = removed(self.catalog, key)
        self._store.remove([key])
        self.catalog = after
        self.edge.change(dropped=[key])
        self.previous.pop(key, None)

    def documents(self) -> list[dict[str, Any]]:
        """Every manifest as stored; those of Secrets hold private keys."""
        return self._store.documents()

    def uid(self, key: ObjectKey) -> str:
        """Of an object, the same for as long as it exists."""
        return self._store.uid(key)

    def _losing_its_pair(self, new: Manifest) -> Secret | None:
        """The Secret that has another key pair than what is to take its place."""
        known = self.catalog.get(new.key)
        if not isinstance(known, Secret) or not isinstance(new, Secret):
            return None
        before, after = leaf_of(known), leaf_of(new)
        # the same certificate with another chain is no version to go back to
        return known if key_pair(known) is not None and (before is None or before != after) else None

    def _birth(self, key: ObjectKey) -> str:
        known = self.catalog.get(key)
        return known.created_at if known is not None else ""
