"""What is wrong, and what to do about it: the values in which every judgement of the product speaks."""

from __future__ import annotations

from enum import StrEnum

import msgspec


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


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a verification."""

    name: str
    passed: bool | None
    """None: it could not be checked, which is not the same as fine."""
    seen: str
    fix: str = ""


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Every check made of one target, in the order they were made."""

    target: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """True when at least one check passed and none failed or had to be left open."""
        return bool(self.checks) and all(check.passed for check in self.checks)
