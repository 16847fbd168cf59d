"""What a probe is to find out about one endpoint, and what it found, as values that checks are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meshtui.identity.facts import CertificateFacts
from meshtui.identity.lifetime import OVERDUE_AFTER
from meshtui.probe.attempt import Attempt
from meshtui.probe.tls import Address

DUE_AT = 2 / 3
"""Share of its life at which a certificate of somebody else is due: what most that renew by themselves keep to."""


@dataclass(frozen=True)
class Expected:
    """Who else says which certificate is in service."""

    where: str
    """In words: `the Secret`, `Envoy`."""
    certificate: CertificateFacts


@dataclass(frozen=True, kw_only=True)
class Question:
    """One host at one address."""

    address: Address
    host: str
    """As it stands in a certificate; an IP address is one that is asked for by no name."""
    path: str = "/"
    speaks_http: bool = False
    """Whether something is wrong if it does not: an address without `https://` may speak anything in TLS."""
    tls_mode: str = ""
    """`SIMPLE`, `MUTUAL` or `OPTIONAL_MUTUAL`; empty where nobody said."""
    expected: tuple[Expected, ...] = ()
    stapled: bool = False
    """Whether an OCSP response is configured."""
    issued_at: datetime | None = None
    """When it was signed, if that is known; else NotBefore counts."""
    due_at: float = DUE_AT
    """Share of its life at which it is to be replaced."""
    overdue_after: float = OVERDUE_AFTER
    """Share of its life after that from which it is overdue."""
    mend: str = ""
    """The command that replaces the certificate, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Every connection that was made; None for one that was not."""

    main: Attempt
    """By TLS 1.2 and 1.3, for the host, without a client certificate, with a request."""
    only_1_2: Attempt | None = None
    old: Attempt | None = None
    """By TLS 1.0 and 1.1."""
    oldest: Attempt | None = None
    """By TLS 1.0, where 1.1 was accepted."""
    nameless: Attempt | None = None
    """Without SNI."""
    guest: Attempt | None = None
    """With the client certificate, and a request."""
    of_its_kind: Attempt | None = None
    """For the kind of key that is expected, where the first one presented another: some servers have both."""

    kind: str = ""
    """Of key that it asked for: `EC` or `RSA`."""

    @property
    def presenting(self) -> Attempt:
        """The connection whose certificate is judged."""
        other = self.of_its_kind
        return other if other is not None and other.presented else self.main
