"""The hash chain over what the CA decided: how an event is written down so that its hash means one thing only. Pure.

An event covers everything about its decision that it made final, and the hash of the event before it; whoever knows
the last hash knows them all. What an event covers is hashed by itself first (`digest`), so that the chain can still
be followed where a refusal was dropped from a full ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

START = bytes(32)
"""What comes before the first event."""


class Kind(StrEnum):
    """What happened."""

    INTENT = "intent-3"
    """As of schema 3: it covers the policy as well."""
    INTENT_2 = "intent"
    """Of before. What was hashed then stays as it is, and says nothing of a policy."""
    ISSUED = "issued"
    FAILED = "failed"
    REFUSED = "refused"
    """One refusal, or all of one reason in one minute."""
    CHECKPOINT = "checkpoint"
    """Something was dropped from the ledger: what, is in its body, with a signature of the CA."""

    @property
    def word(self) -> str:
        """For people, to whom an intent is an intent."""
        return Kind.INTENT_2.value if self is Kind.INTENT else self.value


_APPLICANT = ("target", "namespace", "pod_name", "pod_uid", "actor", "authenticator")
_INTENT_2 = (
    *("number", "at", *_APPLICANT, "authority", "serial", "identity", "csr_sha256", "public_key_sha256"),
    *("requested_names", "requested_seconds", "effective_seconds", "limited_by", "not_before", "not_after"),
)
COVERED: Mapping[Kind, tuple[str, ...]] = {
    Kind.INTENT: (*_INTENT_2, "policy"),
    Kind.INTENT_2: _INTENT_2,
    Kind.ISSUED: ("number", "pem"),
    Kind.FAILED: ("number", "reason", "detail"),
    Kind.REFUSED: ("number", "at", *_APPLICANT, "reason", "detail", "count", "last_at"),
}
"""The columns of a decision that an event of each kind makes final, in the order in which they are hashed."""

INTENTS = frozenset({Kind.INTENT, Kind.INTENT_2})
"""How a decision about a certificate begins."""

_BLANK: Mapping[str, str | int | None] = {
    **dict.fromkeys(("authority", "identity", "csr_sha256", "public_key_sha256", "requested_names", "limited_by"), ""),
    **dict.fromkeys(("policy", "pem", "reason", "detail"), ""),
    **dict.fromkeys(("serial", "not_before", "not_after", "last_at")),
    "requested_seconds": 0,
    "effective_seconds": 0,
    "count": 1,
}
UNSAID: Mapping[Kind, Mapping[str, str | int | None]] = {
    kind: {name: value for name, value in _BLANK.items() if name not in said}
    for kind, said in {
        Kind.INTENT_2: {*_BLANK} - {"policy"},
        Kind.ISSUED: {*COVERED[Kind.INTENT], *COVERED[Kind.ISSUED]},
        Kind.FAILED: {*COVERED[Kind.INTENT], *COVERED[Kind.FAILED]},
        Kind.REFUSED: {*COVERED[Kind.REFUSED]},
    }.items()
}
"""The columns that nothing about such a decision says, and what is in them: whoever fills one in is found out too."""


def digest(kind: Kind, values: Sequence[Any]) -> bytes:
    """SHA-256 of an event's content: a JSON array, without spaces, of its kind and values (text, integers, null)."""
    return hashlib.sha256(msgspec.json.encode([kind, *values])).digest()


def link(previous: bytes, number: int, kind: Kind, decision: int, content: bytes) -> bytes:
    """Hash of event `number`: SHA-256 of the previous hash, then the JSON array of number, kind, decision, digest."""
    return hashlib.sha256(previous + msgspec.json.encode([number, kind, decision, content.hex()])).digest()
