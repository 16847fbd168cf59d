"""One TLS client without I/O: bytes in, bytes out, and everything that the other side showed on the way.

pyOpenSSL rather than `ssl`, which shows neither a stapled OCSP response, nor whether a client certificate was asked
for, nor what was presented where it does not verify, nor any objection but the first. Nothing is judged here: the
handshake goes on whatever is presented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cryptography import x509
from OpenSSL import SSL

from meshtui.identity.inspect import UNDECODABLE
from meshtui.probe.attempt import End, Fault
from meshtui.probe.place import is_address
from meshtui.probe.tls_words import alert_text

T = TypeVar("T")

_AT_ONCE = 1 << 16
_READ_ALERT = 0x4004
"""SSL_CB_READ_ALERT (ssl.h)."""
_FATAL = 2
_FIRST_BYTES = 16


@dataclass
class Record:
    """What callbacks of one connection wrote down."""

    alert: int | None = None
    asked: bool = False
    answered: bool = False
    """Whether a server hello came."""
    staple: bytes = b""
    faults: list[Fault] = field(default_factory=list)


class TlsEndedError(Exception):
    """It cannot go on."""

    def __init__(self, end: End, reason: str) -> None:
        super().__init__(reason)
        self.end = end
        self.reason = reason


class TlsClient:
    """One connection; made of a context that `observe` prepared."""

    def __init__(self, context: SSL.Context, server_name: str, alpn: tuple[str, ...] = ()) -> None:
        self.record = Record()
        self._first = b""
        self._said = False
        self._connection = SSL.Connection(context, None)
        self._connection.set_app_data(self.record)
        if server_name and not is_address(server_name):
            self._connection.set_tlsext_host_name(server_name.encode())
        if alpn:
            self._connection.set_alpn_protos([each.encode() for each in alpn])
        self._connection.request_ocsp()
        self._connection.set_connect_state()

    def take(self, data: bytes) -> None:
        """Bytes of the other side; none when it hung up."""
        self._first = (self._first + data)[:_FIRST_BYTES]
        if data:
            self._connection.bio_write(data)
        else:
            self._connection.bio_shutdown()

    def outgoing(self) -> bytes:
        """Bytes for the other side."""
        found = []
        try:
            while True:
                found.append(self._connection.bio_read(_AT_ONCE))
        except SSL.WantReadError:
            self._said = self._said or bool(found)
            return b"".join(found)

    def handshake(self) -> bool | None:
        """True when it is complete, None when it needs more bytes. Raises TlsEndedError."""

        def shake() -> bool:
            self._connection.do_handshake()
            return True

        return self._step(shake)

    def write(self, data: bytes) -> None:
        """Encrypt, after the handshake."""
        self._step(lambda: self._connection.send(data))

    def read(self) -> bytes | None:
        """What the other side wrote; None when it needs more bytes. Raises TlsEndedError."""
        return self._step(lambda: self._connection.recv(_AT_ONCE))

    @property
    def version(self) -> str:
        """As OpenSSL calls it; empty while the other side chose none."""
        return self._connection.get_protocol_version_name() if self.record.answered else ""

    @property
    def cipher(self) -> str:
        """Its name; empty while the other side chose none."""
        return (self._connection.get_cipher_name() or "") if self.record.answered else ""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """As presented. Raises TlsEndedError when a certificate cannot be decoded."""
        return self._certificates(self._connection.get_peer_cert_chain)

    @property
    def path(self) -> tuple[x509.Certificate, ...]:
        """As OpenSSL built it: leaf first, as far as it came."""
        return self._certificates(self._connection.get_verified_chain)

    def _certificates(self, get: Callable[..., Any]) -> tuple[x509.Certificate, ...]:
        try:
            return tuple(get(as_cryptography=True) or ())
        except UNDECODABLE as error:
            raise TlsEndedError(End.BROKEN, f"a certificate that was presented cannot be decoded: {error}") from error

    def _step(self, step: Callable[[], T]) -> T | None:
        try:
            return step()
        except SSL.WantReadError:
            return None
        except (SSL.ZeroReturnError, SSL.SysCallError) as error:
            raise TlsEndedError(End.CLOSED, "it closed the connection") from error
        except SSL.Error as error:
            raise self._ended(error) from error

    def _ended(self, error: SSL.Error) -> TlsEndedError:
        reason = _reason(error)
        if self.record.alert is not None:
            return TlsEndedError(End.REFUSED, alert_text(self.record.alert))
        if "unexpected eof" in reason:
            return TlsEndedError(End.CLOSED, "it closed the connection")
        if not self._said and not self.outgoing():
            return TlsEndedError(End.NOT_OFFERED, f"the OpenSSL that meshtui runs with cannot ask for it ({reason})")
        if not self.record.answered and self._first.startswith(b"HTTP/"):
            return TlsEndedError(End.FOREIGN, "it answers in plain HTTP, without TLS")
        if not self.record.answered and not self._first.startswith((b"\x16\x03", b"\x15\x03")):
            return TlsEndedError(End.FOREIGN, "what it answers is not TLS")
        return TlsEndedError(End.BROKEN, f"OpenSSL cannot go on with what it sent: {reason}")


def attach_callbacks(context: SSL.Context, *, verify: bool) -> None:
    """Let every connection of a context write down what it sees; with `verify`, what OpenSSL objects to."""
    context.set_info_callback(_on_info)
    context.set_ocsp_client_callback(_on_staple)
    if verify:
        context.set_verify(SSL.VERIFY_PEER, _on_certificate)
    else:
        context.set_verify(SSL.VERIFY_NONE)


def _on_info(connection: SSL.Connection, where: int, value: int) -> None:
    record: Record = connection.get_app_data()
    if where == _READ_ALERT:
        if value >> 8 == _FATAL:
            record.alert = value & 0xFF
        return
    state = connection.get_state_string()
    record.asked = record.asked or state.endswith(b"read server certificate request")
    record.answered = record.answered or state.endswith(b"read server hello")


def _on_staple(connection: SSL.Connection, staple: bytes, _data: object) -> bool:
    record: Record = connection.get_app_data()
    record.staple = staple
    return True


def _on_certificate(connection: SSL.Connection, _certificate: object, code: int, depth: int, _fine: int) -> bool:
    record: Record = connection.get_app_data()
    if code:
        record.faults.append(Fault(code, depth))
    return True


def _reason(error: SSL.Error) -> str:
    """The words of OpenSSL's error queue, first one first."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return ", ".join(str(entry[-1]) for entry in queue) or "no reason given"
