"""The xDS rules of one stream, without I/O: who asked for what, what was sent, what was taken or refused.

SDS and ADS differ only in which resources they have, so both use this. State of the world, as Envoy's
"xDS REST and gRPC protocol" describes it: a response carries a nonce; a request that repeats a nonce
acknowledges that response or, with `error_detail`, rejects it; one that repeats an older nonce than the latest
is stale and gets no response; the names in the newest request are the subscription, and no names at all after
names were given end it. What was sent once on a stream is not sent again until it changes: a NACK never loops.
One thing beside its own content can make a refused listener or cluster good: a secret that it is made with. So each
time the proxy takes a secret, what it has refused of those is sent once more.

The version that a request carries decides nothing. A proxy that reconnects gets everything again, because only it
knows which part of that version it still has, or took in spite of a NACK; what it has, Envoy compares and drops.

All transitions are in this file. It does not know which proxy it talks to, nor what a resource means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import any_pb2

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
MAX_OUTSTANDING = 10_000
"""Responses of one type that wait to be judged; of a proxy that never does, the oldest are forgotten."""


@dataclass(frozen=True)
class Resource:
    """One resource to distribute."""

    version: str
    """Changes when the content does; Envoy's admin shows it."""
    message: Any
    """A protobuf message of the type it is listed under."""

    @cached_property
    def packed(self) -> Any:
        """The message as Any: encoded once, however many streams it goes to."""
        wrapped = any_pb2.Any()
        wrapped.Pack(self.message, deterministic=True)
        return wrapped


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

    whole: bool
    """Whether the type is one of WHOLE."""
    names: frozenset[str] = frozenset()
    """Of the newest request."""
    named: bool = False
    """Whether there ever were names. Until then none at all means everything, of a type in WHOLE."""
    nonce: str = ""
    """Of the latest response; empty before the first."""
    outstanding: dict[str, dict[str, str]] = field(default_factory=dict)
    """Versions by nonce, of responses that the proxy has not judged yet."""
    sent: dict[str, str] = field(default_factory=dict)
    """Versions that the proxy has been given, accepted or not."""
    refused: bool = False
    """Whether it did not take the last response that it judged."""
    unjudged: dict[str, int] = field(default_factory=dict)
    """By name, the number of the last response with it, of those that are newer than any that was judged."""

    def wants(self, name: str) -> bool:
        return name in self.names or (self.whole and ("*" in self.names or not self.named))

    def is_stale(self, nonce: str) -> bool:
        if not self.nonce:
            return False  # nothing was sent that the proxy could have missed, whatever nonce it remembers
        if not nonce and self.named and not self.names:
            return False  # it had left this type, and begins again as if it never had been here
        return nonce != self.nonce

    def ask(self, names: frozenset[str]) -> None:
        new = names - self.names
        self.names, self.named = names, self.named or bool(names)
        # what was dropped and comes again, or is asked for by name now, is sent again
        self.sent = {name: version for name, version in self.sent.items() if self.wants(name) and name not in new}


class DiscoveryStream:
    """One stream. `receive` what the proxy says, `update` when the world changes; send what they return, in order."""

    def __init__(
        self, world: World, *, only: str = "", nonces: str = "", refused: MutableMapping[str, str] | None = None
    ) -> None:
        """`only` is the one type of a stream that is not aggregated: it may go unsaid, and no other is served.

        `nonces` begins all nonces, so that those of an earlier stream are not taken for this one's. `refused`, the
        versions of secrets that the proxy refused last, by name, is shared by all streams of that proxy.
        """
        self._world = world
        self._only = only
        self._nonces = nonces
        self._refused: MutableMapping[str, str] = {} if refused is None else refused
        self._subscriptions: dict[str, _Subscription] = {}
        self._count = 0

    def receive(self, request: Any) -> tuple[list[Any], Verdict | None]:
        """Take one DiscoveryRequest; returns DiscoveryResponses to send and what the proxy said of an earlier one.

        A type that nobody is ever given gets no answer. Raises ProtocolViolation for a request without a type, of
        another type than the stream's, or with too many names.
        """
        type_url, names = request.type_url or self._only, frozenset(request.resource_names)
        if not type_url:
            raise ProtocolViolation("a discovery request without a type URL")
        if self._only and type_url != self._only:
            raise ProtocolViolation(f"a discovery request for {type_url[:200]}; this stream has {self._only}")
        if len(names) > MAX_NAMES:
            raise ProtocolViolation(f"{len(names)} names in one subscription; at most {MAX_NAMES} are taken")
        if type_url not in ORDER:
            return [], None
        known = self._subscriptions.get(type_url)
        if known is None:
            # the nonce and the error of a first request, if any, belong to an earlier stream
            known = self._subscriptions[type_url] = _Subscription(whole=type_url in WHOLE)
            known.ask(names)
            return self._due(type_url), None
        verdict, stale = self._settle(type_url, request), known.is_stale(request.response_nonce)
        known.ask(names)
        again = self._once_more() if type_url == SECRET and isinstance(verdict, Accepted) else []
        return [*again, *([] if stale else self._due(type_url))], verdict

    def update(self, world: World) -> list[Any]:
        """The world is now this; returns the responses that tell the proxy what is new to it."""
        self._world = world
        return [response for type_url in ORDER for response in self._due(type_url)]

    @property
    def unjudged(self) -> frozenset[tuple[str, str]]:
        """Type URL and name of everything that was sent and that the proxy may still be at."""
        return frozenset((type_url, name) for type_url, each in self._subscriptions.items() for name in each.unjudged)

    def _once_more(self) -> list[Any]:
        """What was refused and may be good by now."""
        refused = [each for each in ORDER if each in WHOLE and each in self._subscriptions]
        refused = [each for each in refused if self._subscriptions[each].refused]
        for type_url in refused:
            self._subscriptions[type_url].sent, self._subscriptions[type_url].refused = {}, False
        return [response for type_url in refused for response in self._due(type_url)]

    def _settle(self, type_url: str, request: Any) -> Verdict | None:
        versions = self._subscriptions[type_url].outstanding.pop(request.response_nonce, None)
        if versions is None:
            return None  # only the names changed, or the nonce is none of ours
        known = self._subscriptions[type_url]
        known.refused = request.HasField("error_detail")
        # a proxy that is busy judges several at once, by the nonce of the last
        judged = int(request.response_nonce.removeprefix(self._nonces))
        known.unjudged = {name: number for name, number in known.unjudged.items() if number > judged}
        if request.HasField("error_detail"):
            if type_url == SECRET:
                self._refused.update(versions)
            return Rejected(type_url, versions, request.error_detail.message)
        return self._accepted(type_url, versions)

    def _accepted(self, type_url: str, versions: Mapping[str, str]) -> Accepted | None:
        if type_url != SECRET:
            return Accepted(type_url, versions)
        # Envoy acknowledges, without another look, a secret that is the same as the one that it refused last
        believed = {name: version for name, version in versions.items() if self._refused.get(name) != version}
        for name in believed:
            self._refused.pop(name, None)
        return Accepted(type_url, believed) if believed else None

    def _due(self, type_url: str) -> list[Any]:
        known = self._subscriptions.get(type_url)
        if known is None:
            return []
        wanted = {name: r.version for name, r in self._world.get(type_url, {}).items() if known.wants(name)}
        if known.whole:
            if known.nonce and wanted == known.sent:
                return []
            known.sent = {}
            return [self._response(type_url, known, wanted)]
        changed = {name: version for name, version in sorted(wanted.items()) if known.sent.get(name) != version}
        if self._only:
            return [self._response(type_url, known, changed)] if changed else []
        # one by one: of an aggregated response Envoy drops all that comes after the first resource it refuses
        return [self._response(type_url, known, {name: version}) for name, version in changed.items()]

    def _response(self, type_url: str, known: _Subscription, versions: dict[str, str]) -> Any:
        self._count += 1
        known.nonce = f"{self._nonces}{self._count}"
        known.sent |= versions
        known.outstanding[known.nonce] = versions
        known.unjudged |= dict.fromkeys(versions, self._count)
        if len(known.outstanding) > MAX_OUTSTANDING:
            del known.outstanding[next(iter(known.outstanding))]
        resources = self._world[type_url] if versions else {}
        return discovery_pb2.DiscoveryResponse(
            version_info=_combined(versions),
            type_url=type_url,
            nonce=known.nonce,
            resources=[resources[name].packed for name in sorted(versions)],
        )


def _combined(versions: Mapping[str, str]) -> str:
    """One version for a set of resources: its own where there is one, a digest of all where there are more."""
    if len(versions) == 1:
        return next(iter(versions.values()))
    listing = "\n".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def content_version(message: Any) -> str:
    """A version for a resource whose content has no natural one: 64 bits of its SHA-256."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()[:16]
