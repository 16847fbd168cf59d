"""The operator socket: lets terminals and commands of this machine at the mesh, and knows which user each one is.

It enforces nothing but form; what a user may do is decided by the mesh it opens for them.
"""

from __future__ import annotations

import asyncio
import grp
import logging
import os
import pwd
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from meshtui.control.protocol import (
    MAX_LINE,
    METHODS,
    VERSION,
    Fault,
    Hello,
    Reply,
    Request,
    Welcome,
    fault,
    line,
    raw,
)
from meshtui.errors import MeshError, UsageError
from meshtui.mesh.interface import Mesh

MeshFor = Callable[[str, bool], Mesh]
"""The mesh as a Unix user may use it, or only look at it."""
_LOG = logging.getLogger(__name__)
MAX_CALLS = 64
"""Calls of one connection that may run at a time."""


class OperatorServer:
    """Serves a Mesh to every connection, as the Unix user at its other end."""

    def __init__(self, path: Path, mesh_for: MeshFor, on_terminals: Callable[[int], None]) -> None:
        """`on_terminals` hears how many are attached."""
        self._path = path
        self._mesh_for = mesh_for
        self._on_terminals = on_terminals
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    async def start(self, group: str = "") -> None:
        """Listen, for the owner alone or for a Unix group as well. Raises UsageError for an unknown group."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, self._path, limit=MAX_LINE)
        self._path.chmod(0o600)
        if group:
            try:
                number = grp.getgrnam(group).gr_gid
            except KeyError as error:
                raise UsageError(f"There is no Unix group {group!r}.", fix="Name one with --operator-group.") from error
            shut = self._path.parent.stat().st_mode & 0o777
            for path, mode in ((self._path, 0o660), (self._path.parent, shut | 0o010)):
                _hand_to_group(path, number, mode)

    async def stop(self) -> None:
        """End every connection, then the socket."""
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections):
                connection.end()
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        user = _peer(writer)
        connection = _Connection(reader, writer, lambda read_only: self._mesh_for(user, read_only), self._count)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
            self._count()

    def _count(self) -> None:
        self._on_terminals(sum(connection.role == "terminal" for connection in self._connections))


class _Connection:
    """One peer and its calls."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        open_mesh: Callable[[bool], Mesh],
        on_role: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._open_mesh = open_mesh
        self._mesh: Mesh | None = None
        self._on_role = on_role
        self._calls: dict[int, asyncio.Task[None]] = {}
        self.role = ""

    def end(self) -> None:
        """Drop it, whatever it is doing."""
        self._cancel()
        # not `close`, which waits for a peer that may not be reading: a console in the background, say
        self._writer.transport.abort()

    async def serve(self) -> None:
        """Take requests until the peer leaves."""
        try:
            while message := await self._reader.readline():
                self._take(message)
        except (ValueError, ConnectionError):
            pass  # a line beyond the limit, or a peer that is gone: it cannot be answered
        finally:
            self._cancel()
            self._writer.close()

    def _cancel(self) -> None:
        for call in self._calls.values():
            call.cancel()

    def _take(self, message: bytes) -> None:
        try:
            request = msgspec.json.decode(message, type=Request)
        except msgspec.MsgspecError as error:
            self._write(Reply(id=0, error=Fault("usage", f"That is not a request: {error}.")))
            return
        if request.method == "cancel":
            call = self._calls.get(_cancelled(request))
            if call is not None:
                call.cancel()
        elif request.id in self._calls or len(self._calls) >= MAX_CALLS:
            self._write(Reply(id=request.id, error=Fault("refused", "Too many calls at once.")))
        else:
            task = asyncio.create_task(self._answer(request))
            self._calls[request.id] = task
            task.add_done_callback(lambda _: self._calls.pop(request.id, None))

    async def _answer(self, request: Request) -> None:
        try:
            await self._call(request)
        except MeshError as error:
            self._write(Reply(id=request.id, error=fault(error)))
        except msgspec.MsgspecError as error:
            self._write(Reply(id=request.id, error=fault(UsageError(f"{request.method}: {error}."))))
        except ConnectionError:
            pass  # the peer left while it was being answered
        except Exception as error:  # noqa: BLE001 - a bug of ours must not leave the peer waiting for ever
            _LOG.exception("%s failed", request.method)
            reason = f"{request.method} failed unexpectedly: {type(error).__name__}."
            self._write(Reply(id=request.id, error=Fault("failed", reason, "The log of meshtui serve has more.")))
        with suppress(ConnectionError):
            await self._writer.drain()

    async def _call(self, request: Request) -> None:
        if request.method == "hello" and self._mesh is None:
            hello = msgspec.json.decode(request.params, type=Hello)
            self._mesh, self.role = self._open_mesh(hello.read_only), hello.role
            self._on_role()
            self._write(Reply(id=request.id, result=raw(Welcome(VERSION))))
            return
        method = METHODS.get(request.method)
        if method is None:
            raise UsageError(f"There is no method {request.method!r}.", fix="Is the mesh another version of meshtui?")
        if self._mesh is None:
            raise UsageError(f"{request.method} came before hello.", fix="Say hello first.")
        params = msgspec.json.decode(request.params, type=method.params)
        arguments = {name: getattr(params, name) for name in params.__struct_fields__}
        called: Any = getattr(self._mesh, request.method)(**arguments)
        if not method.stream:
            self._write(Reply(id=request.id, result=raw(await called)))
            return
        async for item in called:
            self._write(Reply(id=request.id, item=raw(item)))
            await self._writer.drain()  # a slow peer slows its own stream only
        self._write(Reply(id=request.id, end=True))

    def _write(self, reply: Reply) -> None:
        if not self._writer.is_closing():
            self._writer.write(line(reply))


def _cancelled(request: Request) -> int:
    try:
        return msgspec.json.decode(request.params, type=dict[str, int]).get("call", 0)
    except msgspec.MsgspecError:
        return 0


def _peer(writer: asyncio.StreamWriter) -> str:
    """Name of the Unix user at the other end, as the kernel says (SO_PEERCRED)."""
    peer: socket.socket = writer.get_extra_info("socket")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _hand_to_group(path: Path, group: int, mode: int) -> None:
    os.chown(path, -1, group)
    path.chmod(mode)
