"""A small file that somebody else writes and replaces: tokens, roots, provisioned certificates. Bytes only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from meshtui.errors import StateError


def read_file(path: Path, what: str, limit: int) -> bytes:
    """Up to `limit` bytes, without waiting for anybody.

    Raises StateError, with `what` it is, when it is missing, empty, larger, or no regular file.
    """
    try:
        # a pipe without a writer would stop the whole agent; what Kubernetes mounts are symbolic links
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise StateError(f"The {what} {path} is not a regular file.")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(limit + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StateError(f"The {what} {path} cannot be read: {error.strerror}.") from error
    if len(data) > limit:
        raise StateError(f"The {what} {path} is too large: more than {limit} bytes.")
    if not data.strip():
        raise StateError(f"The {what} {path} is empty.")
    return data
