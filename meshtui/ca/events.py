"""What the CA's process says on its standard output, one JSON object on each line. Hints: the ledger is the truth."""

from __future__ import annotations

import msgspec


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """The first line, when everything serves."""

    ready: bool = True
    port: int
    root: str
    """Path of the PEM that verifies the CA's server and every workload."""
    notice: str = ""
    """Sentences for the person: a port that was taken, what is odd about the CA's files."""
    mtls_port: int = 0
    """Where workloads renew by certificate; 0 when that is off."""


class StartFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The only line of a CA that cannot start."""

    error: str
    fix: str


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that is in the ledger now."""

    event: str
    """`issued` or `refused`."""
    target: str
    pod_uid: str
    actor: str
    authority: str = ""
    identity: str = ""
    serial: str = ""
    reason: str = ""
    detail: str = ""


class NotRecorded(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing could be decided, because the ledger does not take it. Stands until the next `Decided`.

    Said each time, so that a line which is lost is made good by the next.
    """

    event: str = "not-recorded"
    error: str
    fix: str


def line(event: Ready | StartFailed | Decided | NotRecorded) -> bytes:
    """The event as it is written."""
    return msgspec.json.encode(event) + b"\n"
