"""How far a proxy has come with what it was told: what it has not acknowledged yet, and what it refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshtui.manifest.model import ObjectKey
from meshtui.wire.discovery import Accepted, Verdict, World

ResourceKey = tuple[str, str]
"""Type URL and name."""


@dataclass(frozen=True)
class Delivery:
    """At one moment."""

    waiting: frozenset[ResourceKey] = frozenset()
    """Resources that the proxy is to have and has not put in service, for whatever reason, and those that it may just
    be replacing."""
    refused: Mapping[ResourceKey, str] = field(default_factory=dict)
    """Those that it would not take, with its own words."""
    suspects: Mapping[ResourceKey, tuple[ObjectKey, ...]] = field(default_factory=dict)
    """Of those, the manifests by which that may be: what changed since the version that it has in service."""

    def blamed(self) -> Mapping[ObjectKey, str]:
        """Each of those manifests with Envoy's words."""
        return {key: self.refused[resource] for resource, keys in self.suspects.items() for key in keys}


class Acknowledged:
    """The versions that one Envoy has put in service."""

    def __init__(self) -> None:
        self._world: World = {}
        self._taken: dict[ResourceKey, str] = {}

    def keep(self, world: World) -> None:
        """This is what it is to have from now on."""
        self._world = world
        self._taken = {key: version for key, version in self._taken.items() if key[1] in world.get(key[0], {})}

    def hear(self, verdict: Verdict) -> None:
        """It took or refused resources; what it refuses leaves those in service that it had."""
        if isinstance(verdict, Accepted):
            self._taken |= {(verdict.type_url, name): version for name, version in verdict.versions.items()}

    def forget(self) -> None:
        """It is a new Envoy, which has nothing."""
        self._taken = {}

    @property
    def waiting(self) -> frozenset[ResourceKey]:
        """What it has not put in service as it is now."""
        return frozenset(
            (type_url, name)
            for type_url, named in self._world.items()
            for name, resource in named.items()
            if self._taken.get((type_url, name)) != resource.version
        )
