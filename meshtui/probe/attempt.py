"""What one connection showed, as a value: how far it came, how it ended, and everything that was presented."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from cryptography import x509

from meshtui.probe.http import Answer


class End(Enum):
    """How a handshake, or what came after it, ended."""

    DONE = auto()
    REFUSED = auto()
    """By an alert of the other side."""
    CLOSED = auto()
    """The other side hung up without a reason."""
    SILENT = auto()
    """Nothing came within the deadline."""
    FOREIGN = auto()
    """What came is no TLS or, after the handshake, no HTTP."""
    BROKEN = auto()
    """Our own OpenSSL cannot go on with what came."""
    NOT_OFFERED = auto()
    """Our own OpenSSL cannot even ask for it."""
    NO_CONNECTION = auto()
    NO_ROUTE = auto()
    """This machine cannot reach such addresses at all."""


@dataclass(frozen=True)
class Fault:
    """One objection of OpenSSL's verification."""

    code: int
    """X509_V_ERR_…"""
    depth: int
    """0 is the leaf, 1 its issuer, …"""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One connection to one address."""

    end: End
    """Of the connection or its handshake."""
    reason: str = ""
    """In words, when that is not DONE."""
    connected_after: float = 0.0
    """Seconds."""
    version: str = ""
    """As OpenSSL calls it, `TLSv1.3`; empty before the other side chose one."""
    cipher: str = ""
    chain: tuple[x509.Certificate, ...] = ()
    """As presented."""
    path: tuple[x509.Certificate, ...] = ()
    """As OpenSSL built it, leaf first; up to a root where it verifies."""
    faults: tuple[Fault, ...] = ()
    asked: bool = False
    """Whether a client certificate was asked for."""
    staple: bytes = b""
    """The OCSP response that came with the handshake."""
    after: End | None = None
    """Of the request that was sent after the handshake; None when none was."""
    after_reason: str = ""
    answer: Answer | None = None
    answered_after: float = 0.0
    """Seconds from the request to the head of the answer."""

    @property
    def presented(self) -> bool:
        """Whether the other side showed a certificate, however it went on."""
        return bool(self.chain)

    @property
    def turned_away(self) -> bool:
        """Whether it refused us after it had asked for a client certificate: TLS 1.2 in the handshake, 1.3 after it."""
        ends = (End.REFUSED, End.CLOSED)
        return self.asked and (self.end in ends or (self.end is End.DONE and self.after in ends))
