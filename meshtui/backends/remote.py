"""A mesh that runs elsewhere on this machine, through its operator socket."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from meshtui.control.protocol import (
    MAX_LINE,
    METHODS,
    VERSION,
    AuditParams,
    ExplainParams,
    GetParams,
    Hello,
    HistoryParams,
    MatrixParams,
    Nothing,
    PerformParams,
    PlanParams,
    Reply,
    Request,
    RowsParams,
    TargetParams,
    TokenParams,
    TrafficParams,
    VerifyParams,
    Welcome,
    as_error,
    line,
    raw,
)
from meshtui.errors import MeshError, StateError, UnreachableError, UsageError
from meshtui.findings import Findings, Verification
from meshtui.mesh.access import AccessQuestion, Explanation, Matrix, PolicyRow
from meshtui.mesh.actions import Action, Plan, Progress
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.events import MeshEvent
from meshtui.mesh.overview import Overview
from meshtui.mesh.rows import Detail, HistoryEntry, Page, Query
from meshtui.mesh.snapshot import MeshInfo, Snapshot
from meshtui.mesh.traffic import AuditQuery, Traffic, TrafficQuery

_START = "Start a mesh with: meshtui serve"
_STUCK = "Its process may be stopped or stuck: see `meshtui info` for its lock, and end it."
HELLO_DEADLINE = 10.0
"""Seconds that a mesh may take to say who it is."""
MAX_ANSWER = 1 << 30
"""Bytes of one answer: the snapshot of a large mesh has many, and its owner is trusted with our memory."""


class RemoteMesh:
    """One connection; its calls run beside each other. Open it with `connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: Path) -> None:
        self._writer = writer
        self._path = path
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[Reply | None]] = {}
        self._reading = asyncio.create_task(self._read(reader))

    @classmethod
    async def connect(cls, path: Path, role: str, *, read_only: bool = False) -> RemoteMesh:
        """Attach as a `terminal` or a `command`, perhaps only to look. Raises UnreachableError when none is there."""
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_ANSWER)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise UnreachableError(f"No mesh runs in {path.parent}.", fix=_START) from error
        except OSError as error:
            raise UnreachableError(f"The mesh at {path} cannot be reached: {error.strerror}.", fix=_START) from error
        mesh = cls(reader, writer, path)
        try:
            async with asyncio.timeout(HELLO_DEADLINE):
                welcome: Welcome = await mesh._call("hello", Hello(role, read_only), Welcome)
        except BaseException as error:
            await mesh.close()
            if isinstance(error, TimeoutError):
                raise StateError(f"The mesh at {path} accepts calls but does not answer.", fix=_STUCK) from error
            raise
        if welcome.protocol != VERSION:
            await mesh.close()
            raise StateError(
                f"The mesh at {path} speaks version {welcome.protocol} of the operator protocol, this is {VERSION}.",
                fix="Use the meshtui that started it, or restart the mesh.",
            )
        return mesh

    async def info(self) -> MeshInfo:
        """See `Mesh`."""
        return cast(MeshInfo, await self._unary("info", Nothing()))

    async def snapshot(self) -> Snapshot:
        """See `Mesh`."""
        return cast(Snapshot, await self._unary("snapshot", Nothing()))

    async def overview(self) -> Overview:
        """See `Mesh`."""
        return cast(Overview, await self._unary("overview", Nothing()))

    async def findings(self) -> Findings:
        """See `Mesh`."""
        return cast(Findings, await self._unary("findings", Nothing()))

    async def rows(self, query: Query) -> Page:
        """See `Mesh`."""
        return cast(Page, await self._unary("rows", RowsParams(query)))

    async def detail(self, target: str) -> Detail:
        """See `Mesh`."""
        return cast(Detail, await self._unary("detail", TargetParams(target)))

    def watch(self) -> AsyncIterator[MeshEvent]:
        """See `Mesh`."""
        return self._stream("watch", Nothing())

    async def plan(self, action: Action) -> Plan:
        """See `Mesh`."""
        return cast(Plan, await self._unary("plan", PlanParams(action)))

    def perform(self, plan_id: str) -> AsyncIterator[Progress]:
        """See `Mesh`."""
        return self._stream("perform", PerformParams(plan_id))

    async def verify(self, target: str, caller: Caller = ANYBODY) -> Verification:
        """See `Mesh`."""
        return cast(Verification, await self._unary("verify", VerifyParams(target, caller)))

    async def get(self, kind: str, name: str = "", namespace: str = "") -> list[dict[str, Any]]:
        """See `Mesh`."""
        return cast(list[dict[str, Any]], await self._unary("get", GetParams(kind, name, namespace)))

    async def history(self, target: str = "", limit: int = 100) -> list[HistoryEntry]:
        """See `Mesh`."""
        return cast(list[HistoryEntry], await self._unary("history", HistoryParams(target, limit)))

    async def explain(self, question: AccessQuestion) -> Explanation:
        """See `Mesh`."""
        return cast(Explanation, await self._unary("explain", ExplainParams(question)))

    async def matrix(self, namespace: str = "") -> Matrix:
        """See `Mesh`."""
        return cast(Matrix, await self._unary("matrix", MatrixParams(namespace)))

    async def policies(self) -> list[PolicyRow]:
        """See `Mesh`."""
        return cast(list[PolicyRow], await self._unary("policies", Nothing()))

    async def traffic(self, query: TrafficQuery) -> Traffic:
        """See `Mesh`."""
        return cast(Traffic, await self._unary("traffic", TrafficParams(query)))

    async def audit(self, query: AuditQuery) -> list[HistoryEntry]:
        """See `Mesh`."""
        return cast(list[HistoryEntry], await self._unary("audit", AuditParams(query)))

    async def token(self, target: str, audience: str, duration: timedelta) -> str:
        """See `Mesh`."""
        return cast(str, await self._unary("token", TokenParams(target, audience, duration)))

    async def close(self) -> None:
        """See `Mesh`."""
        self._reading.cancel()
        self._writer.close()

    async def _unary(self, method: str, params: msgspec.Struct) -> Any:
        return await self._call(method, params, METHODS[method].result)

    async def _call(self, method: str, params: msgspec.Struct, result: Any) -> Any:
        number, replies = self._ask(method, params)
        try:
            return msgspec.json.decode((await self._next(replies)).result, type=result)
        finally:
            self._waiting.pop(number, None)

    async def _stream(self, method: str, params: msgspec.Struct) -> AsyncIterator[Any]:
        number, replies = self._ask(method, params)
        try:
            while not (reply := await self._next(replies)).end:
                yield msgspec.json.decode(reply.item, type=METHODS[method].result)
        finally:
            if self._waiting.pop(number, None) is not None and not self._writer.is_closing():
                cancel = Request(id=next(self._numbers), method="cancel", params=raw({"call": number}))
                self._writer.write(line(cancel))

    def _ask(self, method: str, params: msgspec.Struct) -> tuple[int, asyncio.Queue[Reply | None]]:
        if self._reading.done():
            raise self._gone()
        number, replies = next(self._numbers), asyncio.Queue[Reply | None]()
        message = line(Request(id=number, method=method, params=raw(params)))
        if len(message) > MAX_LINE:
            raise UsageError(f"That is {len(message) >> 20} MiB at once.", fix=f"Send less than {MAX_LINE >> 20} MiB.")
        self._waiting[number] = replies
        self._writer.write(message)
        return number, replies

    async def _next(self, replies: asyncio.Queue[Reply | None]) -> Reply:
        reply = await replies.get()
        if reply is None:
            raise self._gone()
        if reply.error is not None:
            raise as_error(reply.error)
        return reply

    def _gone(self) -> MeshError:
        return UnreachableError(f"The mesh in {self._path.parent} no longer answers.", fix=_START)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while message := await reader.readline():
                reply = msgspec.json.decode(message, type=Reply)
                if (replies := self._waiting.get(reply.id)) is not None:
                    replies.put_nowait(reply)
        except (OSError, ValueError, msgspec.MsgspecError):
            pass  # whoever waits is told below that the mesh is gone
        finally:
            for replies in self._waiting.values():
                replies.put_nowait(None)
