"""A service-account token in a file that somebody else renews: read anew for every call, never remembered."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from meshtui.errors import StateError

MAX_BYTES = 16 * 1024
"""More than a gRPC server takes in its headers."""


def read_token(path: Path) -> str:
    """The token, without the white space around it.

    Raises StateError, which quotes nothing of it, when the file is missing, empty, no regular file, too large or
    holds what cannot stand in a header.
    """
    try:
        # a pipe without a writer would stop the whole agent; a token volume's files are symbolic links
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise StateError(f"The token file {path} is not a regular file.")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StateError(f"The token file {path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise StateError(f"The token file {path} is larger than any token ({MAX_BYTES} bytes).")
    token = data.strip()
    if not token:
        raise StateError(f"The token file {path} is empty.")
    if not all(0x21 <= byte <= 0x7E for byte in token):
        raise StateError(f"The token file {path} holds something that is not one token.")
    return token.decode("ascii")
