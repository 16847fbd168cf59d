"""The directory that a mesh lives in: private, on a local disk, and owned by one process at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from meshtui.errors import RefusedError, StateError
from meshtui.settings import StatePaths, private_directory, runtime_directory

_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "afs"})
_LEAST_FREE = 16 << 20
"""Bytes: room for the ledger and a few logs, below which starting would only fail later and worse."""


class Claim:
    """The exclusive right to run the mesh of one directory, for as long as this process lives."""

    def __init__(self, paths: StatePaths, descriptor: int) -> None:
        self.paths = paths
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._descriptor)


def claim(paths: StatePaths, *, group_may_enter: bool) -> Claim:
    """Prepare the directories and take the lock.

    Raises StateError when the directory cannot be used safely, RefusedError when a living process has it. What a
    killed owner left behind (sockets, the lock file) is no obstacle: the kernel dropped its lock with it.
    """
    private_directory(paths.state, group_may_enter=group_may_enter)
    _check_disk(paths.state)
    try:
        descriptor = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StateError(
            f"{paths.lock} cannot be opened: {error.strerror}.", fix="Is the directory writable?"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise RefusedError(
            f"The mesh in {paths.state} already runs (process {owner}).", fix="Attach to it: meshtui, or stop it first."
        ) from error
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        private_directory(runtime_directory())
        if paths.sockets.exists():
            shutil.rmtree(paths.sockets)  # sockets of an owner that was killed
        for directory in (paths.sockets, paths.ca, paths.envoys):
            private_directory(directory)
    except OSError as error:
        os.close(descriptor)
        raise StateError(f"{paths.state} cannot be written: {error.strerror}.", fix="Free some disk space.") from error
    return Claim(paths, descriptor)


def _check_disk(directory: Path) -> None:
    kind = _file_system(directory)
    if kind in _REMOTE:
        raise StateError(
            f"{directory} is on a network file system ({kind}), where locks and SQLite cannot be trusted.",
            fix="Choose a local directory with --state.",
        )
    free = shutil.disk_usage(directory).free
    if free < _LEAST_FREE:
        raise StateError(
            f"The disk of {directory} is full: {free >> 20} MiB are free, {_LEAST_FREE >> 20} are needed.",
            fix="Free some space, or choose another directory with --state.",
        )


def _file_system(directory: Path) -> str:
    """Type of the file system that `directory` is on, by the kernel's list of mounts; empty where there is none."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        if directory.resolve().is_relative_to(point) and len(point) >= best:
            best, kind = len(point), after.split()[0]
    return kind
