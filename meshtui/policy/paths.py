"""The path of a request as policies see it: without its query, in the one form that Envoy's proxies give it."""

from __future__ import annotations

import re

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile("%[0-9A-Fa-f]{2}")


def split_path(written: str) -> tuple[str, str]:
    """Path, normalized, and query of what a client asks for."""
    before, _, _ = written.partition("#")
    path, _, query = before.partition("?")
    return normalized(path), query


def normalized(path: str) -> str:
    """Without `.` and `..`, with unreserved characters unescaped and slashes in one direction (`normalize_path`).

    Slashes that follow each other stay, as they do without `merge_slashes`.
    """
    plain = _ESCAPE.sub(_unescaped, path.replace("\\", "/"))
    kept: list[str] = []
    segments = plain.split("/")
    for segment in segments[1:]:
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
    # a path that ends with a dot segment is a directory's
    return "/" + "/".join(kept) + ("/" if kept and segments[-1] in (".", "..") else "")


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[0][1:], 16))
    return character if character in _UNRESERVED else found[0]
