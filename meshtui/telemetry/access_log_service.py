"""Takes the access logs of one Envoy. Which Envoy is known by the socket; what it calls itself there is not looked at.

A stream is read as fast as its calls are counted, on the event loop. When that is too slow, HTTP/2's flow control
fills up, and Envoy drops what it has to tell.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import grpc.aio
from envoy.service.accesslog.v3 import als_pb2, als_pb2_grpc

from meshtui.telemetry.calls import Reported, read_connection, read_request
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.own_connections import OwnConnections
from meshtui.wire.streams import Distributor, Register
from meshtui.xds.access_logs import Log

_LOGS = {log.value: log for log in Log}
_LOG = logging.getLogger(__name__)


class AccessLogService:
    """Of the Envoy of one workload."""

    def __init__(
        self,
        target: str,
        directory: Callable[[], Directory],
        own: OwnConnections,
        heard: Callable[[Reported], None],
    ) -> None:
        """`directory` is asked for each message, `heard` called with each call; it must not block.

        What came over `own` connections is no call.
        """
        self._target = target
        self._own = own
        self._directory = directory
        self._heard = heard

    async def serve(self, requests: AsyncIterator[Any], context: Any) -> Any:
        """Read one stream to its end. One of a log that is not configured anywhere is refused."""
        log: Log | None = None
        async for message in requests:
            if message.identifier.log_name:  # of the first message alone
                log = _LOGS.get(message.identifier.log_name)
                if log is None:
                    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "There is no such log.")
            if log is not None:
                for reported in read_message(message, log, self._target, self._directory(), self._own):
                    self._heard(reported)
        return als_pb2.StreamAccessLogsResponse()


def read_message(message: Any, log: Log, target: str, directory: Directory, own: OwnConnections) -> Iterator[Reported]:
    """The calls of one message. An entry that cannot be read is said and left out; it must not end the stream."""
    entries = message.tcp_logs.log_entry if log is Log.CONNECTIONS else message.http_logs.log_entry
    asked = bool(own)
    for entry in entries:
        try:
            if asked and own.made(entry, log):
                continue
            if log is Log.CONNECTIONS:
                reported = read_connection(entry, target, directory)
            else:
                reported = read_request(entry, log, target, directory)
        except (ValueError, OverflowError, OSError) as error:
            _LOG.warning("%s tells a call that cannot be read: %s", target, error)
        else:
            if reported is not None:
                yield reported


def with_access_logs(register: Register, service: AccessLogService) -> Register:
    """Adds StreamAccessLogs to what `register` adds to a server."""

    def both(distributor: Distributor, server: grpc.aio.Server) -> None:
        register(distributor, server)
        servicer = als_pb2_grpc.AccessLogServiceServicer()
        servicer.StreamAccessLogs = service.serve
        als_pb2_grpc.add_AccessLogServiceServicer_to_server(servicer, server)

    return both
