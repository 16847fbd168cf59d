"""Connections of which somebody is told while they are open: so a mesh tells its own questions from strangers' calls.

What tells them apart must be nothing that a stranger could have: both ends of a TCP connection, which nobody else has
while it is open; a name made for one connection, which nobody else knows.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Announcer(Protocol):
    """Whoever is to be told. What it returns is left before the connection is closed."""

    def ends(self, ours: str, theirs: str) -> AbstractContextManager[None]:
        """A connection between these, each as `ADDRESS PORT`."""

    def mark(self, path: str, *, plaintext: bool = False) -> AbstractContextManager[str]:
        """A connection to come to the Unix socket at `path`; gives the name to be sent over it.

        The name is sent as SNI or, in `plaintext`, in the path of a request.
        """


@contextmanager
def announced(wire: socket.socket, announcer: Announcer | None) -> Iterator[None]:
    """Tells both ends of an open TCP connection."""
    if announcer is None:
        yield
        return
    ours, theirs = ("{} {}".format(*end[:2]) for end in (wire.getsockname(), wire.getpeername()))
    with announcer.ends(ours, theirs):
        yield


@contextmanager
def marked(path: str, announcer: Announcer | None, *, plaintext: bool = False) -> Iterator[str]:
    """The name to send over a connection to a Unix socket; empty where nobody is to be told, or `path` is none."""
    if announcer is None or not path:
        yield ""
        return
    with announcer.mark(path, plaintext=plaintext) as name:
        yield name
