"""Where an agent alone listens: a socket that nobody else can reach or replace, and that no other agent serves."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meshtui.errors import StateError

_LOG = logging.getLogger(__name__)
_DEADLINE = 1.0


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """While this is open, the socket may be bound at `path`; two agents that start together take turns.

    Raises StateError when the directory is not ours alone to write, when something there is no socket, or when
    somebody answers there.
    """
    directory = path.parent
    _check_directory(directory)
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _check_free(path)
        yield
    finally:
        os.close(descriptor)


def _check_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.stat()
    except (FileExistsError, NotADirectoryError) as error:
        raise StateError(f"{directory} is not a directory.", fix="Choose another with --sds-socket.") from error
    except OSError as error:
        raise StateError(
            f"The directory {directory} cannot be made: {error.strerror}.", fix="Choose another with --sds-socket."
        ) from error
    if found.st_uid != os.getuid():
        raise StateError(
            f"{directory} belongs to user {found.st_uid}, not to you ({os.getuid()}), who could replace the socket.",
            fix="Choose a directory of your own with --sds-socket.",
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o022:
        raise StateError(
            f"{directory} can be written by others (mode {mode:04o}): they could replace the socket.",
            fix="Choose a directory of your own with --sds-socket; one that is missing is made.",
        )
    if mode & 0o077:
        _LOG.warning("%s is open to others (mode %04o); only the socket's own mode keeps them out.", directory, mode)


def _check_free(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise StateError(f"{path} is there and is not a socket.", fix="Choose another with --sds-socket.")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_DEADLINE)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return  # left by an agent that was killed
        except OSError as error:
            raise StateError(f"Whether somebody serves {path} cannot be seen: {error}.", fix="Remove it.") from error
    raise StateError(f"Another agent serves {path}.", fix="Stop it, or choose another with --sds-socket.")
