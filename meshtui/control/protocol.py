"""What crosses the operator socket: lines of JSON, one message each.

    → {"id": 7, "method": "rows", "params": {…}}
    ← {"id": 7, "result": {…}}                       or {"id": 7, "error": {…}}
    ← {"id": 8, "item": {…}} … {"id": 8, "end": true}   for a stream, until {"id": 9, "method": "cancel", …}

Every method, its parameters and its result are in one table; anything else is refused before it has an effect.
Values only: no socket is opened here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from meshtui.errors import (
    IdentityError,
    ManifestError,
    MeshError,
    RefusedError,
    StateError,
    UnreachableError,
    UsageError,
)
from meshtui.findings import Findings, Verification
from meshtui.mesh.access import AccessQuestion, Explanation, Matrix, PolicyRow
from meshtui.mesh.actions import Action, Plan, Progress
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.events import MeshEvent
from meshtui.mesh.overview import Overview
from meshtui.mesh.rows import Detail, HistoryEntry, Page, Query
from meshtui.mesh.snapshot import MeshInfo, Snapshot
from meshtui.mesh.traffic import AuditQuery, Traffic, TrafficQuery

VERSION = 5
"""Of the protocol; the owner says its own in the answer to `hello`. What an owner would not understand is refused, not
left out: since 2, actions say what a certificate is to be; since 3, policies, traffic and the audit can be asked for;
since 5, rows by their targets.
"""
MAX_LINE = 8 << 20
"""Bytes of one message: more than any set of manifests, less than harm."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call, or with the method `cancel` the end of one."""

    id: int
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")


class Fault(msgspec.Struct, frozen=True):
    """A MeshError on its way."""

    code: str
    message: str
    fix: str = ""
    problems: tuple[str, ...] = ()


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of the owner."""

    id: int
    result: msgspec.Raw = msgspec.Raw(b"")
    item: msgspec.Raw = msgspec.Raw(b"")
    end: bool = False
    error: Fault | None = None


class Hello(msgspec.Struct, frozen=True):
    """The first call of a connection: who attaches, and whether it wants to be kept from changing anything."""

    role: str
    """A `terminal` keeps a mesh alive that was started for terminals, a `command` does not."""
    read_only: bool = False


class Welcome(msgspec.Struct, frozen=True):
    """What the owner speaks."""

    protocol: int


class Nothing(msgspec.Struct, frozen=True):
    """No parameters."""


class RowsParams(msgspec.Struct, frozen=True):
    """For `rows`."""

    query: Query


class TargetParams(msgspec.Struct, frozen=True):
    """For `detail`."""

    target: str


class VerifyParams(msgspec.Struct, frozen=True):
    """For `verify`."""

    target: str
    caller: Caller = ANYBODY


class PlanParams(msgspec.Struct, frozen=True):
    """For `plan`."""

    action: Action


class PerformParams(msgspec.Struct, frozen=True):
    """For `perform`."""

    plan_id: str


class GetParams(msgspec.Struct, frozen=True):
    """For `get`."""

    kind: str
    name: str = ""
    namespace: str = ""


class HistoryParams(msgspec.Struct, frozen=True):
    """For `history`."""

    target: str = ""
    limit: int = 100


class ExplainParams(msgspec.Struct, frozen=True):
    """For `explain`."""

    question: AccessQuestion


class MatrixParams(msgspec.Struct, frozen=True):
    """For `matrix`."""

    namespace: str = ""


class TrafficParams(msgspec.Struct, frozen=True):
    """For `traffic`."""

    query: TrafficQuery


class AuditParams(msgspec.Struct, frozen=True):
    """For `audit`."""

    query: AuditQuery


class TokenParams(msgspec.Struct, frozen=True):
    """For `token`."""

    target: str
    audience: str
    duration: timedelta


@dataclass(frozen=True)
class Method:
    """One method of `Mesh` as it crosses the socket. A stream yields many `result`s."""

    params: type[msgspec.Struct]
    result: Any
    stream: bool = False


METHODS = {
    "info": Method(Nothing, MeshInfo),
    "snapshot": Method(Nothing, Snapshot),
    "overview": Method(Nothing, Overview),
    "findings": Method(Nothing, Findings),
    "rows": Method(RowsParams, Page),
    "detail": Method(TargetParams, Detail),
    "watch": Method(Nothing, MeshEvent, stream=True),
    "plan": Method(PlanParams, Plan),
    "perform": Method(PerformParams, Progress, stream=True),
    "verify": Method(VerifyParams, Verification),
    "get": Method(GetParams, list[dict[str, Any]]),
    "history": Method(HistoryParams, list[HistoryEntry]),
    "explain": Method(ExplainParams, Explanation),
    "matrix": Method(MatrixParams, Matrix),
    "policies": Method(Nothing, list[PolicyRow]),
    "traffic": Method(TrafficParams, Traffic),
    "audit": Method(AuditParams, list[HistoryEntry]),
    "token": Method(TokenParams, str),
}

_CODES: dict[str, type[MeshError]] = {
    "identity": IdentityError,
    "usage": UsageError,
    "unreachable": UnreachableError,
    "refused": RefusedError,
    "state": StateError,
    "failed": MeshError,
}


def fault(error: MeshError) -> Fault:
    """An error as it crosses the socket."""
    if isinstance(error, ManifestError):
        return Fault("manifest", error.message, error.fix, error.problems)
    code = next(code for code, kind in _CODES.items() if isinstance(error, kind))
    return Fault(code, error.message, error.fix)


def as_error(fault: Fault) -> MeshError:
    """The error that `fault` was made of; an unknown code becomes a plain MeshError."""
    if fault.code == "manifest":
        return ManifestError(fault.problems)
    return _CODES.get(fault.code, MeshError)(fault.message, fix=fault.fix)


def raw(value: Any) -> msgspec.Raw:
    """A value, encoded to be put into a reply."""
    return msgspec.Raw(msgspec.json.encode(value))


def line(message: Request | Reply) -> bytes:
    """A message as it is written."""
    return msgspec.json.encode(message) + b"\n"
