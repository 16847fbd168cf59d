"""Connections that the mesh makes to its own proxies to see what they answer, in `verify` and in rotations.

They are no calls, and must not look like a stranger's; nor may a stranger's pass for them:

- at a gateway, a log is the mesh's own if it is of the very same two ends, and began while the mesh had them;
- at a sidecar, whose Unix socket does not tell who is at the other end, if it has a name that was made for one
  connection, as SNI or in the path of a request;
- where a sidecar turns plaintext away it reads nothing, and such connections differ by their time alone: for each that
  the mesh made, one that began meanwhile is left out, so that as many are told as strangers made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from msgspec import Struct

from meshtui.telemetry.moments import moment
from meshtui.xds.access_logs import NO_CHAIN, REASON, SERVER_NAME, Log

KEPT = timedelta(minutes=1)
"""For which the logs of a connection that is over may still come."""
MOST = 10_000
"""Connections that are known at most; of more, the oldest are forgotten, and told as calls."""


class _Connection(Struct, kw_only=True):
    theirs: str
    since: datetime
    ours: str = ""
    name: str = ""
    unread: bool = False
    """Whether it may be turned away unread, and was not yet."""
    until: datetime | None = None

    def had(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at <= self.until)


class OwnConnections:
    """Those that are open, or were until a moment ago."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """`clock` is the one that proxies write their logs by."""
        self._clock = clock
        self._known: deque[_Connection] = deque(maxlen=MOST)

    @contextmanager
    def ends(self, ours: str, theirs: str) -> Iterator[None]:
        """See `probe.announced.Announcer`."""
        with self._open(_Connection(ours=ours, theirs=theirs, since=self._clock())):
            yield

    @contextmanager
    def mark(self, path: str, *, plaintext: bool = False) -> Iterator[str]:
        """See `probe.announced.Announcer`."""
        name = f"{token_hex(16)}.meshtui.invalid"
        with self._open(_Connection(theirs=path, name=name, unread=plaintext, since=self._clock())):
            yield name

    def __bool__(self) -> bool:
        """Whether any log may be of one."""
        while self._known and (until := self._known[0].until) is not None and until < self._clock() - KEPT:
            self._known.popleft()
        return bool(self._known)

    def made(self, entry: Any, log: Log) -> bool:
        """Whether an entry of a log is of one of these."""
        common = entry.common_properties
        theirs = _end(common.downstream_local_address)
        mine = [each for each in self._known if each.theirs == theirs]
        if not mine:
            return False
        if log is Log.GATEWAY:
            ours, at = _end(common.downstream_direct_remote_address), moment(common.start_time)
            return any(each.ours == ours and each.had(at) for each in mine)
        name = common.custom_tags.get(SERVER_NAME, "") if log is Log.CONNECTIONS else entry.request.path.lstrip("/")
        if name.endswith(".invalid"):
            return any(each.name == name for each in mine)
        return log is Log.CONNECTIONS and common.custom_tags.get(REASON, "") == NO_CHAIN and _turned_away(mine, common)

    @contextmanager
    def _open(self, connection: _Connection) -> Iterator[None]:
        self._known.append(connection)
        try:
            yield
        finally:
            connection.until = self._clock()


def _turned_away(mine: list[_Connection], common: Any) -> bool:
    at = moment(common.start_time)
    found = next((each for each in mine if each.unread and each.had(at)), None)
    if found is not None:
        found.unread = False
    return found is not None


def _end(address: Any) -> str:
    """As it was announced."""
    if address.HasField("pipe"):
        return str(address.pipe.path)
    return f"{address.socket_address.address} {address.socket_address.port_value}"
