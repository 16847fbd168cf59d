"""Renewal by mTLS: a certificate of this mesh, whose key TLS has seen at work, says who its holder still is.

Whatever TLS decided is checked again, because a resumed session skips it. The ledger must know the certificate, and a
token must have been shown not too long ago somewhere along the chain of renewals that led to it, or a stolen leaf
would live for ever. That moment travels in each renewal's own record, so it survives the pruning of older ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509

from meshtui.ca.bearer import refuse
from meshtui.ca.caller import Caller, Credentials
from meshtui.ca.records import LedgerEntry, Policy, State
from meshtui.ca.refusal import Reason
from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.facts import serial_text
from meshtui.identity.inspect import load_certificates
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.verify import verify_lifetime, verify_svid

MAX_PEM = 64 * 1024
MAX_PRESENTED = 5
"""Certificates of a client's chain that are looked at."""

_NAME = "client-certificate"


@dataclass(frozen=True)
class Renewal:
    """What vouched for a renewed certificate, as the ledger keeps it."""

    serial: str
    """Of the certificate that was presented."""
    token_at: datetime
    """When the holder last showed a token."""

    @property
    def text(self) -> str:
        """For the ledger's authenticator."""
        return f"{_NAME} {self.serial}, token at {self.token_at.astimezone(UTC).isoformat(timespec='microseconds')}"

    @classmethod
    def parse(cls, text: str) -> Renewal | None:
        """What `text` says; None for another authenticator."""
        before, found, moment = text.partition(", token at ")
        if not found or not before.startswith(f"{_NAME} "):
            return None
        return cls(before.removeprefix(f"{_NAME} "), datetime.fromisoformat(moment))


class CertificateAuthenticator:
    """Accepts certificates that this CA has issued to workloads, until a token is due."""

    name = _NAME

    def __init__(
        self,
        *,
        trust_domain: str,
        bundle: TrustBundle,
        intermediates: tuple[x509.Certificate, ...],
        find: Callable[[str], LedgerEntry | None],
        token_every: timedelta,
    ) -> None:
        """`find` gives the ledger's entry of a serial; `intermediates` are our own, which clients need not send."""
        self._trust_domain = trust_domain
        self._bundle = bundle
        self._intermediates = intermediates
        self._find = find
        self._token_every = token_every

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        """The workload that the client's certificate was issued to."""
        if not credentials.certificate:
            refuse(Reason.NO_CREDENTIAL, "There is no client certificate.")
        leaf, spiffe_id = self._verified(credentials.certificate, now)
        entry = self._recorded(leaf)
        token_at = self._token_at(entry, now)
        if entry.actor != f"{spiffe_id.namespace}/{spiffe_id.service_account}":
            refuse(
                Reason.BAD_CREDENTIAL,
                f"The certificate {entry.serial} was given to {entry.actor} for another; only a token renews it.",
            )
        return Caller(
            spiffe_id,
            spiffe_id.namespace,
            spiffe_id.service_account,
            entry.pod_name,
            entry.pod_uid,
            Renewal(entry.serial, token_at).text,
            Policy.RENEWAL,
        )

    def _verified(self, pem: str, now: datetime) -> tuple[x509.Certificate, SpiffeId]:
        if len(pem) > MAX_PEM:
            refuse(Reason.BAD_CREDENTIAL, f"A client certificate of {len(pem)} characters is too large.")
        try:
            leaf, *rest = load_certificates(pem)[:MAX_PRESENTED]
        except IdentityError as error:
            refuse(Reason.BAD_CREDENTIAL, f"The client's certificate cannot be read: {error.message}", error)
        try:
            verify_lifetime(leaf, now)
        except IdentityError as error:
            refuse(Reason.EXPIRED_CREDENTIAL, error.message, error)
        try:
            spiffe_id = verify_svid((leaf, *dict.fromkeys((*self._intermediates[:4], *rest))), self._bundle, now)
        except IdentityError as error:
            refuse(Reason.BAD_CREDENTIAL, f"The client's certificate does not verify: {error.message}", error)
        found = spiffe_id.spiffe_id
        if found.trust_domain != self._trust_domain or not found.service_account:
            refuse(Reason.BAD_CREDENTIAL, f"The certificate is of {found}, not of a workload of {self._trust_domain}.")
        return leaf, found

    def _recorded(self, leaf: x509.Certificate) -> LedgerEntry:
        serial = serial_text(leaf.serial_number)
        entry = self._find(serial)
        if entry is None or entry.state is not State.ISSUED:
            refuse(Reason.BAD_CREDENTIAL, f"The ledger knows of no certificate with the serial {serial}.")
        if load_certificates(entry.pem)[0] != leaf:
            refuse(Reason.BAD_CREDENTIAL, f"The ledger has another certificate with the serial {serial}.")
        return entry

    def _token_at(self, entry: LedgerEntry, now: datetime) -> datetime:
        renewal = Renewal.parse(entry.authenticator)
        token_at = entry.at if renewal is None else renewal.token_at
        if now - token_at > self._token_every:
            refuse(
                Reason.RENEWED_TOO_LONG,
                f"The holder of {entry.serial} showed a token last at {token_at.isoformat(timespec='seconds')};"
                f" one is due every {self._token_every}.",
            )
        return token_at
