"""What is wrong, and what to do about it: the values in which every judgement of the product speaks."""

from __future__ import annotations

from enum import StrEnum

import msgspec

MESH = "the mesh"
"""What a finding without a target is about."""


class Severity(StrEnum):
    """How bad it is: critical findings make `status` exit with 1."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with one target."""

    severity: Severity
    code: str
    """Stable, for programs: `expired`, `held-not-served`."""
    target: str
    text: str
    fix: str
    """What to do, naming the command where there is one."""
    affects: tuple[str, ...] = ()
    """What stands behind it: hosts, Gateways, VirtualServices; empty where that is the target alone."""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a mesh."""

    findings: tuple[Finding, ...]
    """Worst first."""
    complete: bool = True
    """False when so much is in trouble that findings were only made for what expires soonest."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a verification."""

    name: str
    passed: bool | None
    """None: it could not be checked, which is not the same as fine."""
    seen: str
    fix: str = ""
    """What to do; of a check that passed, a warning."""
    host: str = ""
    """Which host was asked for, where a check is about one endpoint; empty for those about the target."""
    address: str = ""
    """Where it was asked, `HOST:PORT`."""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Every check made of one target, in the order they were made."""

    target: str
    checks: tuple[Check, ...]
    by_hand: tuple[str, ...] = ()
    """Shell commands that repeat what was asked of the wire."""
    outside: bool = False
    """Of an address outside of the mesh, about which not everything can be known: an open check does not fail it."""

    @property
    def passed(self) -> bool:
        """True when at least one check passed and none failed or, within the mesh, had to be left open."""
        verdicts = {check.passed for check in self.checks}
        return True in verdicts and False not in verdicts and (self.outside or None not in verdicts)
