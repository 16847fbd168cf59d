"""Every address that a name resolves to, within a deadline that holds even where the resolver does not answer.

Not the event loop's own `getaddrinfo`: its few threads would make many slow names wait for each other, and a program
that ends would wait for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

from meshtui.errors import UnreachableError
from meshtui.probe.place import is_address
from meshtui.probe.tls import DEADLINE, Address


async def addresses_of(host: str, port: int) -> tuple[Address, ...]:
    """In the order of the resolver, each once. Raises UnreachableError when there is none."""
    if is_address(host):
        return (Address(host=host, port=port),)
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str] | OSError] = loop.create_future()

    def hand_over(found: list[str] | OSError) -> None:
        if not answer.done():
            answer.set_result(found)

    def ask() -> None:
        found = _ask(host)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(hand_over, found)

    threading.Thread(target=ask, name=f"resolving {host}", daemon=True).start()
    try:
        async with asyncio.timeout(DEADLINE):
            found = await answer
    except TimeoutError as error:
        raise UnreachableError(f"{host} was not resolved within {DEADLINE:g} s.", fix=_fix(host)) from error
    if isinstance(found, OSError):
        raise UnreachableError(f"{host} does not resolve: {found.strerror or found}.", fix=_fix(host)) from found
    return tuple(Address(host=each, port=port) for each in dict.fromkeys(found))


def _ask(host: str) -> list[str] | OSError:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error if isinstance(error, OSError) else OSError(str(error))
    return [str(sockaddr[0]) for *_, sockaddr in found]


def _fix(host: str) -> str:
    return f"Check the name, or say where it is: --resolve {host}:PORT:ADDRESS."
