"""The manifests of the mesh, on disk and as a catalog: what is desired. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable
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
from meshtui.manifest.model import Manifest, ObjectKey


class Desired:
    """Changes all of what it is given, or nothing."""

    def __init__(self, store: ManifestStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.catalog = Catalog()
        """Empty before `load`."""
        self.edge = Edge()
        """The same gateways and Secrets, judged."""

    def load(self, first: tuple[Manifest, ...]) -> None:
        """Read what is stored; `first` is what a mesh begins with that has never had anything."""
        if first:
            self.accept(first)
        self.catalog = Catalog.of(
            replace(parse_document(document), created_at=document["metadata"]["creationTimestamp"])
            for document in self._store.documents()
        )
        self.edge.change(self.catalog)

    def accept(self, objects: tuple[Manifest, ...]) -> None:
        """Create or replace all of them. Raises ManifestError and changes nothing if this mesh cannot have them."""
        now = self._clock()
        objects = tuple(keeping_its_pair(each, self.catalog.get(each.key)) for each in objects)
        objects = tuple(replace(each, created_at=self._birth(each.key) or now.isoformat()) for each in objects)
        if problems := problems_of(objects, self.catalog):
            raise ManifestError(problems)
        after = self.catalog.apply(objects)
        self._store.put([(each.key, each.document) for each in objects], now)
        self.catalog = after
        self.edge.change(objects)

    def remove(self, key: ObjectKey) -> None:
        """Remove one object. Raises UsageError when there is none, ManifestError when others cannot do without it."""
        if self.catalog.get(key) is None:
            raise UsageError(f"There is no {key}.", fix=f"See: meshtui get {key.kind}")
        after = removed(self.catalog, key)
        self._store.remove([key])
        self.catalog = after
        self.edge.change(dropped=[key])

    def documents(self) -> list[dict[str, Any]]:
        """Every manifest as stored; those of Secrets hold private keys."""
        return self._store.documents()

    def uid(self, key: ObjectKey) -> str:
        """Of an object, the same for as long as it exists."""
        return self._store.uid(key)

    def _birth(self, key: ObjectKey) -> str:
        known = self.catalog.get(key)
        return known.created_at if known is not None else ""
