"""The CA's process: `python -m meshtui.ca`, started by the owner of a mesh, which reads its lines (`ca.events`).

Alone holds the CA's keys. Ends, without leaving anything half done, when its standard input ends (the owner is
gone) or at SIGTERM. Only puts the parts together.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from meshtui.ca.announce import Announcer
from meshtui.ca.arguments import Arguments, read_arguments
from meshtui.ca.authenticators import ways_of
from meshtui.ca.authority import Authority
from meshtui.ca.events import Ready, StartFailed, line
from meshtui.ca.impersonation import NodeAuthorizer
from meshtui.ca.inventory import InventoryFile
from meshtui.ca.keystore import MESH_ROOT, ROOT_CERTIFICATE, GatewayRoots, lock_directory, open_signer
from meshtui.ca.ledger import Ledger
from meshtui.ca.server import CaServer
from meshtui.errors import MeshError, StateError

FAILED = 5
"""Exit status of a CA that cannot start."""
LAST_WAIT = 1.0
"""Seconds that gRPC has for its own end, after everything of ours is on disk and closed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; returns the exit status."""
    os.umask(0o077)
    # a peer that sends and does not read can keep gRPC busy for ever, and the loop waits for gRPC
    leaving = threading.Timer(LAST_WAIT, os._exit, (0,))
    leaving.daemon = True
    try:
        asyncio.run(_serve(read_arguments(arguments), leaving.start))
    except MeshError as error:
        os.write(sys.stdout.fileno(), line(StartFailed(error=error.message, fix=error.fix)))
        return FAILED
    leaving.cancel()
    return 0


async def _serve(arguments: Arguments, ended: Callable[[], None]) -> None:
    """`ended` is called when nothing is left to do, unless the CA could not start."""
    stop = _until_told()
    directory = arguments.directory
    lock = lock_directory(directory)
    announcer = await Announcer.open(os.dup(sys.stdout.fileno()))
    ledger = None
    ways = None
    try:
        ledger_path = directory / "ledger.db"
        if not ledger_path.exists() and (directory / ROOT_CERTIFICATE).exists():
            # the ledger is made before the root, so that this is no start that was interrupted
            raise StateError(
                f"{ledger_path} is gone, but the CA has been at work.",
                fix="Restore it from a backup, or choose another directory with --state.",
            )
        ledger = Ledger.open(ledger_path)
        opened = open_signer(arguments, _clock(), first_start=not ledger.has_signed(MESH_ROOT))
        inventory = InventoryFile(arguments.inventory) if arguments.inventory else None
        ways = ways_of(arguments, opened.signer, inventory, ledger_path, _clock)
        authority = Authority(
            root=opened.signer,
            gateways=GatewayRoots(directory, ledger.has_signed),
            ledger=ledger,
            authenticator=ways.authenticator,
            workload_limits=arguments.limits,
            announce=lambda event: announcer.say(line(event)),
            complain=lambda event: announcer.say(line(event)),
            nodes=NodeAuthorizer(arguments.trusted_nodes, inventory),
        )
        ways.start()
        server = CaServer(authority, _clock, client_roots=opened.signer.following[-1].encode())
        port = await server.start(arguments.port, arguments.gateway_socket, arguments.mtls_port)
        notices = [
            *opened.notices,
            *_moved("the CA listens", arguments.port, port),
            *_moved("renewal by mTLS", arguments.mtls_port or 0, server.mtls_port),
        ]
        root, mtls_port = str(opened.root), server.mtls_port
        announcer.say(line(Ready(port=port, root=root, notice=" ".join(notices), mtls_port=mtls_port)))
        await stop.wait()
        await server.stop()
    finally:
        if ways is not None:
            ways.stop()
        if ledger is not None:
            ledger.close()
        await announcer.close()
        os.close(lock)
    ended()


def _moved(what: str, wanted: int, port: int) -> list[str]:
    return [] if wanted in (0, port) else [f"Port {wanted} is taken; {what} on {port}."]


def _clock() -> datetime:
    return datetime.now(UTC)


def _until_told() -> asyncio.Event:
    """Set at SIGTERM, and when standard input ends."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    if sys.stdin is not None and sys.stdin.isatty():
        loop.add_signal_handler(signal.SIGINT, stop.set)
    else:
        # Ctrl-C reaches the owner too, which needs its CA until it has stopped everything else
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def read_to_the_end() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop may have ended before
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=read_to_the_end, name="stdin", daemon=True).start()
    return stop


if __name__ == "__main__":
    sys.exit(main())
