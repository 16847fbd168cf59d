"""A service-account token in a file that somebody else renews: read anew for every call, never remembered."""

from __future__ import annotations

from pathlib import Path

from meshtui.agent.foreign_file import read_file
from meshtui.errors import StateError

MAX_BYTES = 16 * 1024
"""More than a gRPC server takes in its headers."""


def read_token(path: Path) -> str:
    """The token, without the white space around it.

    Raises StateError, which quotes nothing of it, when there is none or what is there cannot stand in a header.
    """
    token = read_file(path, "token file", MAX_BYTES).strip()
    if not all(0x21 <= byte <= 0x7E for byte in token):
        raise StateError(f"The token file {path} holds something that is not one token.")
    return token.decode("ascii")
