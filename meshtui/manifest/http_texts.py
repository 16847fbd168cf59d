"""What routes of HTTP are written with, whatever their kind: paths, header names, expressions, hosts, timeouts."""

from __future__ import annotations

import re
from datetime import timedelta

from meshtui.errors import UsageError
from meshtui.manifest.fields import Fields
from meshtui.manifest.names import label_problem
from meshtui.settings import parse_duration

HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
"""A header name in lower case; not `:authority` and the like."""
_NOT_RE2 = re.compile(r"\(\?<?[=!]|\\[1-9]|\(\?P=|\(\?\(|\(\?>|[*+?}]\+")


def regex_problem(text: str) -> str:
    """Why a text is not an expression that RE2 takes; empty when it is one."""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression ({error})"
    if len(text) > 1024:
        return "longer than 1024 characters"
    return "uses what RE2 does not have (look-around, back-references, possessive)" if _NOT_RE2.search(text) else ""


def path_problem(text: str) -> str:
    """Why a text is not a path; empty when it is one."""
    printable = all("!" <= character <= "~" for character in text)
    return "" if text.startswith("/") and printable else "expected a path that starts with / and has no spaces"


def authority_problem(text: str) -> str:
    """Why a text is not a host with or without a port; empty when it is one."""
    host, colon, port = text.partition(":")
    is_port = port.isascii() and port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536
    if any(label_problem(part.lower()) for part in host.split(".")) or (colon and not is_port):
        return "expected a host name, optionally with a port"
    return ""


def read_timeout(fields: Fields, name: str) -> timedelta | None:
    """A duration; None when there is none, or it is zero."""
    text = fields.text(name)
    if text in ("", "0s", "0"):
        return None
    try:
        return parse_duration(text)
    except UsageError as error:
        fields.problem(name, str(error))
        return None
