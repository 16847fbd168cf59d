"""Short rows for lists: what a screenful needs, and no more. Details are asked for one at a time."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from meshtui.findings import Finding
from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.snapshot import Mark, RotationState, Truth


class View(StrEnum):
    """Which rows a list is about."""

    IDENTITIES = "identities"
    """Everything that can expire."""
    WORKLOADS = "workloads"
    GATEWAYS = "gateways"
    AUTHORITIES = "authorities"


class Sort(StrEnum):
    """What a list is ordered by; ties are broken by target."""

    EXPIRY = "expiry"
    """Time left: soonest to die first."""
    TARGET = "target"
    NAME = "name"
    """Of the target, without kind and namespace."""
    NAMESPACE = "namespace"
    STATE = "state"
    """What needs eyes first; in each state, soonest to die first."""
    ISSUER = "issuer"
    """Of each issuer, soonest to die first."""
    SERIAL = "serial"
    TRUTHS = "truths"
    """By the first of the four truths that disagrees; where all agree, last."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of which rows."""

    view: View = View.IDENTITIES
    targets: tuple[str, ...] = ()
    """When there are any, only these are looked at, as though there were no others."""
    filter: str = ""
    """See `mesh.filter`: words that must all occur in target, identity, state or error, `!word` must not; fields."""
    only_trouble: bool = False
    """Whether to leave out what is well, see `mesh.trouble`."""
    sort: Sort = Sort.EXPIRY
    descending: bool = False
    offset: int = 0
    """Where the page begins."""
    limit: int = 200
    around: str = ""
    """A target to look for: where it is among the rows that match, the page begins `before` rows before it instead."""
    before: int = 0

    def begin(self, place: int | None) -> int:
        """Where the page begins when `around` is at this place; None when it is not among the rows that match."""
        return self.offset if place is None else max(place - self.before, 0)


class Step(StrEnum):
    """How far a running issue or rotation has come; the row shows it until the tick."""

    KEY = "key"
    SIGNED = "signed"
    PUSHED = "pushed"
    VERIFYING = "verifying"
    SERVED = "served"
    FAILED = "failed"


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of a list. There are no cycles in texts and times, so that nobody collects them among 100,000 rows."""

    target: str
    identity: str
    """SPIFFE ID of a workload, hosts of a gateway, subject of an authority."""
    truths: tuple[Mark, Mark, Mark, Mark]
    """Desired, issued, held, served."""
    state: RotationState
    at_risk: bool = False
    serial: str = ""
    """Of the certificate held."""
    served_serial: str = ""
    issuer: str = ""
    issued_at: datetime | None = None
    """Start of the lifetime that is judged: for our leaves the moment of issue, not the back-dated NotBefore."""
    not_after: datetime | None = None
    due_at: datetime | None = None
    manual: bool = False
    """Whether a person is to rotate it when it is due."""
    previous: str = ""
    """Serial of the version before, which undo would bring back; empty where there is none."""
    served_by: str = ""
    """`envoy 1.40.0`, `agent`, or empty."""
    disagreement: str = ""
    last_error: str = ""
    step: Step | None = None
    """Set while an issue or rotation runs."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    rows: tuple[Row, ...]
    matching: int
    """Rows that match the filter, on all pages."""
    total: int
    """Rows of the view, filtered or not."""
    place: int | None = None
    """Of the target that was asked for, among the rows that match; None when none was, or it is not one of them."""


class ChainLink(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate of a chain, with its PEM. Never a key."""

    certificate: CertificateFacts
    pem: str


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened: a certificate signed or refused, or something an operator did."""

    at: datetime
    kind: str
    """`issued`, `refused`, `operator`; in the audit also `configuration` and `denied`."""
    target: str
    actor: str
    """Who asked: a service account, or the Unix user at the operator socket."""
    text: str
    outcome: str
    """`ok`, `failed`, `refused`, `started`; of a call `denied`."""
    serial: str = ""
    not_after: datetime | None = None
    credential: str = ""
    """What vouched for who asked, where the CA decided: `token`, a client certificate, an issuer of tokens."""
    policy: str = ""
    """The rule of the CA by which whoever asked could have this identity, a stable word: `own-identity`, `gateway`; of
    a call the policy that denied it.
    """
    reason: str = ""
    """Stable code of the CA's, where it refused or a certificate came to nothing; of a call Envoy's details."""
    record: dict[str, str] = {}
    """All that the CA has on record, as label → text, in the order to show it; only where one serial was asked for."""


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one target."""

    row: Row
    desired: dict[str, str]
    """What the manifests say, as label → text, in the order to show it."""
    issued: Truth
    held: Truth
    served: Truth
    chain: tuple[ChainLink, ...]
    """Of the certificate held, leaf first, root last."""
    depends: tuple[str, ...]
    """What stands or falls with it, in lines: see `mesh.blast_radius`."""
    history: tuple[HistoryEntry, ...]
    findings: tuple[Finding, ...]
