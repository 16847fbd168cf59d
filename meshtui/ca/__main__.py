"""The CA's process: `python -m meshtui.ca`, started by the owner of a mesh, which reads its lines (`ca.events`).

Alone holds the CA's keys. Ends, without leaving anything half done, when its standard input ends (the owner is
gone) or at SIGTERM. Only puts the parts together.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meshtui.ca.announce import Announcer
from meshtui.ca.authenticate import TokenAuthenticator
from meshtui.ca.authority import Authority
from meshtui.ca.events import Ready, StartFailed, line
from meshtui.ca.keystore import ROOT_CERTIFICATE, GatewayRoots, lock_directory, open_mesh_root
from meshtui.ca.ledger import Ledger
from meshtui.ca.server import CaServer
from meshtui.ca.validity import LifetimeLimits
from meshtui.errors import MeshError, UsageError

FAILED = 5
"""Exit status of a CA that cannot start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; returns the exit status."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)
    try:
        asyncio.run(_serve(options))
    except MeshError as error:
        os.write(sys.stdout.fileno(), line(StartFailed(error=error.message, fix=error.fix)))
        return FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m meshtui.ca", description="The certificate authority of a mesh.")
    parser.add_argument("--directory", type=Path, required=True, help="keys, certificates and ledger")
    parser.add_argument("--trust-domain", required=True)
    parser.add_argument("--port", type=int, default=15012, help="0 for any free one")
    parser.add_argument("--gateway-socket", type=Path, required=True, help="Unix socket that signs for gateways")
    parser.add_argument("--token-jwks", type=Path, required=True, help="public keys of the token issuer")
    parser.add_argument("--token-issuer", required=True)
    parser.add_argument("--workload-ttl", type=int, default=86400, help="seconds, when a workload asks for none")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = _until_told()
    limits = LifetimeLimits(default=timedelta(seconds=options.workload_ttl))
    if not timedelta(0) < limits.default <= limits.maximum:
        raise UsageError(
            f"A workload's lifetime of {options.workload_ttl} seconds is out of range.",
            fix=f"Use up to {limits.maximum.days} days.",
        )
    directory: Path = options.directory
    lock = lock_directory(directory)
    announcer = Announcer(sys.stdout.fileno())
    ledger = None
    try:
        authenticator = TokenAuthenticator.load(options.token_jwks, options.token_issuer, options.trust_domain)
        ledger_path = directory / "ledger.db"
        root = open_mesh_root(directory, options.trust_domain, _clock(), first_start=not ledger_path.exists())
        ledger = Ledger.open(ledger_path)
        authority = Authority(
            root=root,
            gateways=GatewayRoots(directory, ledger.has_signed),
            ledger=ledger,
            authenticator=authenticator,
            workload_limits=limits,
            announce=lambda event: announcer.say(line(event)),
        )
        server = CaServer(authority, _clock)
        port = await server.start(options.port, options.gateway_socket)
        taken = options.port not in (0, port)
        notice = f"Port {options.port} is taken; the CA listens on {port}." if taken else ""
        announcer.say(line(Ready(port=port, root=str(directory / ROOT_CERTIFICATE), notice=notice)))
        await stop.wait()
        await server.stop()
    finally:
        if ledger is not None:
            ledger.close()
        announcer.close()
        os.close(lock)


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
