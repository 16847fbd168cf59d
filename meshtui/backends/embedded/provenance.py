"""Which manifest an Envoy's refusal is about: remembers of what each resource was made when it was last taken."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.backends.embedded.delivery import ResourceKey
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey
from meshtui.wire.discovery import Accepted, Verdict, World
from meshtui.xds.origins import suspects


class Provenance:
    """Of the resources of one proxy, over all Envoys that were it."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._told: dict[ResourceKey, tuple[str, Catalog]] = {}
        """Version and catalog with which a resource first was what it is now."""
        self._taken: dict[ResourceKey, Catalog] = {}

    def keep(self, world: World, catalog: Catalog) -> None:
        """This is distributed from now on, made of these manifests."""
        now = {(type_url, name): each.version for type_url, named in world.items() for name, each in named.items()}
        self._told = {
            key: known if (known := self._told.get(key)) and known[0] == version else (version, catalog)
            for key, version in now.items()
        }
        self._taken = {key: catalog for key, catalog in self._taken.items() if key in now}

    def hear(self, verdict: Verdict) -> None:
        """An Envoy took or refused resources."""
        if isinstance(verdict, Accepted):
            for name, version in verdict.versions.items():
                told = self._told.get((verdict.type_url, name))
                if told is not None and told[0] == version:
                    self._taken[verdict.type_url, name] = told[1]

    def suspects(self, refused: Iterable[ResourceKey]) -> dict[ResourceKey, tuple[ObjectKey, ...]]:
        """For each of these resources the manifests by which it may have been refused."""
        return {
            key: suspects(self._told[key][1], self._taken.get(key), self._target, *key)
            for key in refused
            if key in self._told
        }
