"""Who is calling, and what it takes to find out. How it is found out, is with each authenticator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from meshtui.ca.records import Applicant
from meshtui.identity.spiffe import SpiffeId

Metadata = Sequence[tuple[str, str | bytes]]
"""Headers of a call, in order; names in lower case, as HTTP/2 has them."""


@dataclass(frozen=True)
class Caller:
    """A workload that has proven who it is."""

    spiffe_id: SpiffeId
    namespace: str
    service_account: str
    pod_name: str
    pod_uid: str
    authenticator: str

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

    def authenticate(self, metadata: Metadata, now: datetime) -> Caller:
        """Raises RefusalError for callers who have not proven it."""
