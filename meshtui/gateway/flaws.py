"""What can be wrong with a gateway's TLS, one code for each. The codes are a contract with programs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meshtui.findings import Finding, Severity


class Code(StrEnum):
    """Stable names; `meshtui status --json` has them as `code`."""

    SECRET_MISSING = "secret-missing"  # noqa: S105 - codes, not passwords
    WRONG_KEYS = "secret-wrong-keys"
    EMPTY = "secret-empty"
    PEM_BROKEN = "pem-broken"
    KEY_MISMATCH = "key-mismatch"
    KEY_ENCRYPTED = "key-encrypted"
    KEY_UNREADABLE = "key-unreadable"
    LEAF_NOT_FIRST = "leaf-not-first"
    CHAIN_INCOMPLETE = "chain-incomplete"
    ONLY_CA = "only-ca"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    CHAIN_EXPIRED = "chain-expired"
    HOST_NOT_COVERED = "host-not-covered"
    WEAK_KEY = "weak-key"
    WEAK_SIGNATURE = "weak-signature"
    OUTLIVES_ISSUER = "outlives-issuer"
    SHARED = "certificate-shared"
    HOST_CONFLICT = "host-conflict"
    FORBIDDEN = "reference-forbidden"
    NO_CLIENT_CA = "client-ca-unusable"
    UNUSED = "secret-unused"
    NOT_SERVED = "held-not-served"
    WAITING = "envoy-waiting"


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong, before it is said of whom."""

    code: Code
    severity: Severity
    text: str
    fix: str

    def of(self, target: str, affects: tuple[str, ...]) -> Finding:
        """Said of a target and of what stands behind it."""
        return Finding(
            severity=self.severity,
            code=self.code.value,
            target=target,
            text=self.text,
            fix=self.fix,
            affects=affects,
        )
