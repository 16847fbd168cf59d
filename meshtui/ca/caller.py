"""Who is calling, and what it takes to find out. How it is found out, is with each authenticator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from meshtui.ca.records import Applicant, Policy
from meshtui.identity.spiffe import SpiffeId

Metadata = Sequence[tuple[str, str | bytes]]
"""Headers of a call, in order; names in lower case, as HTTP/2 has them."""


@dataclass(frozen=True)
class Credentials:
    """What came with a call that could say who calls."""

    headers: Metadata = field(repr=False)
    """Contain the caller's token."""
    certificate: str = ""
    """The client's certificate, PEM, whose key TLS has seen at work; empty where the listener asks for none."""


@dataclass(frozen=True)
class Caller:
    """A workload that has proven who it is."""

    spiffe_id: SpiffeId
    namespace: str
    service_account: str
    pod_name: str
    pod_uid: str
    authenticator: str
    """What vouched for it."""
    policy: Policy = Policy.OWN_IDENTITY
    """The rule by which it may have a certificate for its own identity."""

    @property
    def applicant(self) -> Applicant:
        """For the ledger."""
        return Applicant(
            namespace=self.namespace,
            pod_name=self.pod_name,
            pod_uid=self.pod_uid,
            actor=f"{self.namespace}/{self.service_account}",
            authenticator=self.authenticator,
        )


class Authenticator(Protocol):
    """One way to prove who one is."""

    name: str
    """How the ledger and its readers call it."""

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        """Raises RefusalError for callers who have not proven it."""
