"""The CA's process with one fault in it: `python -m tests.ca.faulty FAULT` and the options of `python -m meshtui.ca`.

Everything else is the real thing. Faults that end the process do it with SIGKILL, at the first decision after it has
said that it serves.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography import x509

from meshtui.ca import keystore
from meshtui.ca.__main__ import main
from meshtui.ca.announce import Announcer
from meshtui.ca.ledger import Ledger
from meshtui.ca.signer import Signer

FAULTS: dict[str, Callable[[], None]] = {}
_serving = False


def _fault(install: Callable[[], None]) -> Callable[[], None]:
    FAULTS[install.__name__] = install
    return install


def _die_if_serving() -> None:
    if _serving:
        os.kill(os.getpid(), signal.SIGKILL)


@_fault
def intent_not_stored() -> None:
    """Dies with the intent written and not committed."""
    commit = Ledger.commit

    def dying(ledger: Ledger) -> None:
        _die_if_serving()
        commit(ledger)

    patch.object(Ledger, "commit", dying).start()


@_fault
def intent_stored() -> None:
    """Dies before the signature."""
    _before_or_after_signing(before=True)


@_fault
def signed() -> None:
    """Dies with the certificate made and not stored."""
    _before_or_after_signing(before=False)


def _before_or_after_signing(*, before: bool) -> None:
    sign = Signer.sign

    def dying(signer: Signer, builder: x509.CertificateBuilder) -> x509.Certificate:
        if before:
            _die_if_serving()
        certificate = sign(signer, builder)
        _die_if_serving()
        return certificate

    patch.object(Signer, "sign", dying).start()


@_fault
def certificate_stored() -> None:
    """Dies with the certificate stored and the answer not sent."""
    say = Announcer.say

    def dying(announcer: Announcer, line: bytes) -> None:
        _die_if_serving()
        say(announcer, line)

    patch.object(Announcer, "say", dying).start()


@_fault
def hanging() -> None:
    """Each signature takes as long as there is a file at `$HOLD`, as with a key in a device that does not answer."""
    sign, hold = Signer.sign, Path(os.environ["HOLD"])

    def slow(signer: Signer, builder: x509.CertificateBuilder) -> x509.Certificate:
        while _serving and hold.exists():
            time.sleep(0.01)
        return sign(signer, builder)

    patch.object(Signer, "sign", slow).start()


@_fault
def impatient() -> None:
    """Does not wait for a predecessor that may be leaving."""
    keystore.LOCK_WAIT = 0.2


def _watch_for_ready() -> None:
    say = Announcer.say

    def noticing(announcer: Announcer, line: bytes) -> None:
        global _serving  # noqa: PLW0603 - one process, one fault
        say(announcer, line)
        _serving = True

    patch.object(Announcer, "say", noticing).start()


def run(arguments: list[str]) -> Any:
    """Install the fault and be the CA."""
    fault, *rest = arguments
    FAULTS[fault]()
    _watch_for_ready()
    return main(rest)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
