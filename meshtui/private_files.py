"""Files that must be whole or absent, and often secret: keys, certificates, what a restart depends on.

Bytes only: what they mean, and what to do when they are missing, is with the module that owns the file.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from meshtui.errors import StateError

MAX_BYTES = 1024 * 1024


def write_file(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Create or replace `path` so that after any crash it holds the old bytes or the new ones, on disk.

    Raises StateError when the disk or the file system does not play along.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)  # the umask may have taken bits away
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            kept = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if kept != mode:
            draft.unlink()
            raise StateError(
                f"The file system of {path} does not keep file modes ({kept:04o} instead of {mode:04o}).",
                fix="Choose a directory on a local file system with --state.",
            )
        draft.rename(path)
        _sync_directory(path.parent)
    except OSError as error:
        raise StateError(
            f"{path} cannot be written: {error.strerror}.", fix="Free some disk space, or check the directory's owner."
        ) from error


def read_private(path: Path) -> bytes:
    """The bytes of a secret file of ours.

    Raises StateError when it is missing, empty, oversized, a symbolic link, another user's or open to others.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}.", fix=_restore(path)) from error
    if found.st_uid != os.getuid():
        raise StateError(f"{path} belongs to user {found.st_uid}, not to you ({os.getuid()}).", fix=_restore(path))
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise StateError(
            f"{path} is open to others (mode {mode:04o}); they may have copied it.",
            fix=f"If nobody else could reach it, run: chmod 600 {path}",
        )
    if not data or len(data) > MAX_BYTES:
        raise StateError(f"{path} is {'too large' if data else 'empty'}.", fix=_restore(path))
    return data


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _restore(path: Path) -> str:
    return f"Restore {path.name} from a backup, or choose another directory with --state."
