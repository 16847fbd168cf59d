"""PEM as a sequence of blocks (RFC 7468), read without guessing: a damaged block is one block with a problem.

Knows nothing of what is inside a block. `repr` never shows it, because it may be a private key.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field

from meshtui.errors import IdentityError

MAX_BYTES = 1024 * 1024
MAX_BLOCKS = 1000

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,64})-----")
_END = re.compile(rb"-----END ([A-Z0-9 ]{1,64})-----")


@dataclass(frozen=True)
class PemBlock:
    """What stood between a BEGIN line and its END line."""

    label: str
    """`CERTIFICATE`; empty where a line looks like a boundary and is none."""
    der: bytes = field(repr=False, default=b"")
    """Empty when there is a problem."""
    problem: str = ""


def blocks(data: bytes) -> tuple[tuple[PemBlock, ...], bool]:
    """Every block in order, and whether text other than white space stood outside of them.

    Raises IdentityError for more than MAX_BYTES or MAX_BLOCKS only.
    """
    if len(data) > MAX_BYTES:
        raise IdentityError(f"{len(data)} bytes of PEM are too many.", fix=f"Give up to {MAX_BYTES}.")
    if data.count(b"-----") > 4 * MAX_BLOCKS:  # each boundary line has two
        raise IdentityError(f"More than {MAX_BLOCKS} PEM blocks are too many.")
    found: list[PemBlock] = []
    text_outside = False
    label: str | None = None
    body: list[bytes] = []
    for line in (raw.strip() for raw in data.splitlines()):
        begin = _BEGIN.fullmatch(line)
        end = _END.fullmatch(line)
        if label is not None and (begin or end):
            same = end is not None and end[1].decode() == label
            found.append(_read(label, body) if same else PemBlock(label, problem="its END line is missing"))
            label = None
            if same:
                continue
        if begin:
            label, body = begin[1].decode(), []
        elif label is not None:
            body.append(line)
        elif b"-----" in line:
            found.append(PemBlock("", problem="a boundary line without its other half"))
        else:
            text_outside = text_outside or bool(line)
    if label is not None:
        found.append(PemBlock(label, problem="its END line is missing"))
    return tuple(found), text_outside


def _read(label: str, body: list[bytes]) -> PemBlock:
    try:
        der = base64.b64decode(b"".join(body), validate=True)
    except binascii.Error:
        return PemBlock(label, problem="it is not base64")
    return PemBlock(label, der) if der else PemBlock(label, problem="it is empty")
