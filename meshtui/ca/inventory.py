"""Which service accounts and pods exist: the owner of the mesh writes it, the CA reads it before it trusts a name.

Names are compared as they stand. A list that cannot be read means that nothing can be decided, never that all exist.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from meshtui.ca.bearer import OPAQUE, refuse
from meshtui.ca.caller import Caller
from meshtui.ca.refusal import Reason, RefusalError

MAX_BYTES = 256 * 1024 * 1024
"""A million pods."""


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    """One pod that exists and has not failed."""

    namespace: str
    name: str
    uid: str
    service_account: str
    node: str


class InventoryDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: JSON."""

    schema: int = 1
    service_accounts: tuple[str, ...]
    """`NAMESPACE/NAME`."""
    pods: tuple[Pod, ...]


class Inventory:
    """What exists, indexed."""

    def __init__(self, document: InventoryDocument) -> None:
        self._accounts = frozenset(document.service_accounts)
        self._pods = {pod.uid: pod for pod in document.pods}
        self._placed = frozenset((pod.node, pod.namespace, pod.service_account) for pod in document.pods if pod.node)

    def pod(self, uid: str) -> Pod | None:
        """The pod with this uid."""
        return self._pods.get(uid)

    def has_account(self, namespace: str, name: str) -> bool:
        """Whether there is such a service account."""
        return f"{namespace}/{name}" in self._accounts

    def runs_on(self, node: str, namespace: str, service_account: str) -> bool:
        """Whether a pod of that service account is on that node."""
        return (node, namespace, service_account) in self._placed

    def check(self, caller: Caller) -> None:
        """Raises RefusalError when the caller's service account, or the pod that it says it is, does not exist."""
        if not self.has_account(caller.namespace, caller.service_account):
            refuse(
                Reason.UNKNOWN_ACCOUNT,
                f"The service account {caller.namespace}/{caller.service_account} does not exist (any more).",
            )
        if not caller.pod_uid:
            return
        pod = self.pod(caller.pod_uid)
        if pod is None:
            refuse(Reason.UNKNOWN_ACCOUNT, f"The pod {caller.pod_name} ({caller.pod_uid}) does not exist (any more).")
        if (pod.namespace, pod.service_account) != (caller.namespace, caller.service_account):
            refuse(
                Reason.UNKNOWN_ACCOUNT,
                f"The pod {caller.pod_name} runs as {pod.namespace}/{pod.service_account},"
                f" not as {caller.namespace}/{caller.service_account}.",
            )


class InventoryFile:
    """The inventory as it is on disk now: read again whenever the file has been replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._current: Inventory | None = None

    def current(self) -> Inventory:
        """Raises RefusalError (`cannot-verify`) when the file cannot be read, whatever it said before."""
        try:
            found = self._path.stat()
            mark = (found.st_ino, found.st_mtime_ns, found.st_size)
            if mark != self._seen or self._current is None:
                self._current, self._seen = _read(self._path, found), mark
        except (OSError, ValueError, msgspec.DecodeError) as error:
            self._seen = None
            raise RefusalError(
                Reason.CANNOT_VERIFY, OPAQUE, detail=f"The inventory {self._path} cannot be read: {error}."
            ) from error
        return self._current


def _read(path: Path, found: os.stat_result) -> Inventory:
    if found.st_size > MAX_BYTES:
        raise ValueError(f"{found.st_size} bytes are too many")
    return Inventory(msgspec.json.decode(path.read_bytes(), type=InventoryDocument))
