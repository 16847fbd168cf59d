"""The xDS rules of one stream, without I/O: who asked for what, what was sent, what was taken or refused.

SDS and ADS differ only in which resources they have, so both use this. State of the world, as Envoy's
"xDS REST and gRPC protocol" describes it: a response carries a nonce; a request that repeats the latest
nonce acknowledges that response or, with `error_detail`, rejects it; a request with an older nonce is stale;
the names in the newest request are the subscription, and no names at all after names were given end it.

All transitions are in this file. It does not know which proxy it talks to, nor what a resource means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from envoy.service.discovery.v3 import discovery_pb2

_TYPE = "type.googleapis.com/"
LISTENER = _TYPE + "envoy.config.listener.v3.Listener"
CLUSTER = _TYPE + "envoy.config.cluster.v3.Cluster"
ROUTE = _TYPE + "envoy.config.route.v3.RouteConfiguration"
SECRET = _TYPE + "envoy.extensions.transport_sockets.tls.v3.Secret"
EXTENSION = _TYPE + "envoy.config.core.v3.TypedExtensionConfig"

ORDER = (CLUSTER, LISTENER, ROUTE, EXTENSION, SECRET)
"""Make before break: what is pointed at goes out before what points at it."""
WHOLE = frozenset({CLUSTER, LISTENER})
"""Types of which every response carries the whole set, so that a resource is removed by leaving it out."""
MAX_NAMES = 10_000
"""More names in one subscription than any proxy has; beyond it the stream is refused."""


@dataclass(frozen=True)
class Resource:
    """One resource to distribute."""

    version: str
    """Changes when the content does; Envoy's admin shows it."""
    message: Any
    """A protobuf message of the type it is listed under."""


World = Mapping[str, Mapping[str, Resource]]
"""Everything a proxy may have: type URL → name → resource."""


@dataclass(frozen=True)
class Accepted:
    """The proxy put these versions in service."""

    type_url: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Rejected:
    """The proxy refused these versions and keeps what it had."""

    type_url: str
    versions: Mapping[str, str]
    reason: str
    """In the proxy's own words."""


Verdict = Accepted | Rejected


class ProtocolViolation(ValueError):  # noqa: N818 - it names what the peer did
    """The peer did what no Envoy does; its stream is ended."""


@dataclass
class _Subscription:
    """What one stream knows of one type."""

    names: frozenset[str] = frozenset()
    """Empty with `wildcard` for all of them."""
    wildcard: bool = False
    nonce: str = ""
    """Of the latest response; empty before the first."""
    outstanding: dict[str, dict[str, str]] = field(default_factory=dict)
    """Versions by nonce, of responses that the proxy has not judged yet."""
    sent: dict[str, str] = field(default_factory=dict)
    """Versions that the proxy has been given, accepted or not. A rejected one is not sent again."""

    def wants(self, name: str) -> bool:
        return self.wildcard or name in self.names


class DiscoveryStream:
    """One stream. `receive` what the proxy says, `update` when the world changes; send what they return, in order."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._subscriptions: dict[str, _Subscription] = {}
        self._count = 0

    def receive(self, request: Any) -> tuple[list[Any], Verdict | None]:
        """Take one DiscoveryRequest; returns DiscoveryResponses to send and what the proxy said of the last one.

        Raises ProtocolViolation for a request without a type or with too many names.
        """
        type_url, names = request.type_url, frozenset(request.resource_names)
        if not type_url:
            raise ProtocolViolation("a discovery request without a type URL")
        if len(names) > MAX_NAMES:
            raise ProtocolViolation(f"{len(names)} names in one subscription; at most {MAX_NAMES} are taken")
        known = self._subscriptions.get(type_url)
        if known is None:
            return self._subscribe(type_url, names, request.version_info), None
        verdict = self._settle(type_url, known, request)
        if request.response_nonce != known.nonce:
            return [], verdict  # stale: the names in it are older than our latest response
        self._resubscribe(known, names)
        return self._due(type_url), verdict

    def update(self, world: World) -> list[Any]:
        """The world is now this; returns the responses that tell the proxy what is new to it."""
        self._world = world
        return [response for type_url in ORDER for response in self._due(type_url)]

    def _subscribe(self, type_url: str, names: frozenset[str], version: str) -> list[Any]:
        known = _Subscription(names=names, wildcard=type_url in WHOLE and names <= {"*"})
        self._subscriptions[type_url] = known
        available = self._wanted(type_url)
        if version and available and version == _combined(available):
            known.sent = available  # a proxy that reconnects and already has all of this
            return []
        return self._due(type_url)

    @staticmethod
    def _resubscribe(known: _Subscription, names: frozenset[str]) -> None:
        if not known.wildcard:
            # names that were dropped and may come again must then be sent again
            known.sent = {name: version for name, version in known.sent.items() if name in names}
            known.names = names

    @staticmethod
    def _settle(type_url: str, known: _Subscription, request: Any) -> Verdict | None:
        versions = known.outstanding.pop(request.response_nonce, None)
        if versions is None:
            return None  # only the names changed, or the nonce is none of ours
        if request.HasField("error_detail"):
            return Rejected(type_url, versions, request.error_detail.message)
        return Accepted(type_url, versions)

    def _wanted(self, type_url: str) -> dict[str, str]:
        known = self._subscriptions[type_url]
        return {name: r.version for name, r in self._world.get(type_url, {}).items() if known.wants(name)}

    def _due(self, type_url: str) -> list[Any]:
        known = self._subscriptions.get(type_url)
        if known is None:
            return []
        wanted = self._wanted(type_url)
        if type_url in WHOLE:
            if wanted == known.sent and known.nonce:
                return []
            changed = wanted
        else:
            changed = {name: version for name, version in wanted.items() if known.sent.get(name) != version}
            if not changed:
                return []
        known.sent = wanted
        self._count += 1
        known.nonce = str(self._count)
        known.outstanding[known.nonce] = changed
        response = discovery_pb2.DiscoveryResponse(version_info=_combined(wanted), type_url=type_url, nonce=known.nonce)
        for name in sorted(changed):
            response.resources.add().Pack(self._world[type_url][name].message)
        return [response]


def _combined(versions: Mapping[str, str]) -> str:
    """One version for a set of resources: its own where there is one, a digest of all where there are more."""
    if len(versions) == 1:
        return next(iter(versions.values()))
    listing = "\n".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def content_version(message: Any) -> str:
    """A version for a resource whose content has no natural one: 64 bits of its SHA-256."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()[:16]
