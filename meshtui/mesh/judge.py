"""Judges one identity at one moment: its state, when that will change by itself, and what is wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from meshtui.findings import Finding, Severity
from meshtui.identity.lifetime import OVERDUE_AFTER, Lifetime, is_due, is_overdue
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.targets import TargetKind


@dataclass(frozen=True)
class Standing:
    """What is known about the renewal of one certificate."""

    lifetime: Lifetime | None
    """None while there is no certificate."""
    due_at: datetime | None
    """None for what nobody is to rotate."""
    rotating: bool = False
    error: str = ""
    """Of the last attempt; empty when it succeeded."""
    unreachable: bool = False
    """Whether that error was that the CA does not answer."""
    renewable: bool = True
    """Whether a new one can be had here: an authority, or a Secret that was brought from elsewhere, has none."""
    overdue_after: float = OVERDUE_AFTER
    """Share of its life past `due_at` from which it is overdue."""
    manual: bool = False
    """Whether it is rotated by a person only: it is due and overdue like any other, and nobody does it by itself."""

    @property
    def at_risk(self) -> bool:
        """The CA cannot be reached: the time left is all there is."""
        return self.unreachable


def state(standing: Standing, now: datetime) -> RotationState:
    """The worst that is true, so that a quiet word never hides a loud one."""
    lifetime, due_at = standing.lifetime, standing.due_at
    if lifetime is not None and now >= lifetime.not_after:
        return RotationState.EXPIRED
    if standing.rotating:
        return RotationState.ROTATING
    if lifetime is None:
        return RotationState.FAILED if standing.error else RotationState.UNKNOWN
    if due_at is not None and is_overdue(lifetime, due_at, now, standing.overdue_after):
        return RotationState.OVERDUE
    if standing.error and not standing.at_risk:
        return RotationState.FAILED
    if due_at is not None and is_due(lifetime, due_at, now):
        return RotationState.DUE
    return RotationState.FRESH


def next_change(standing: Standing, now: datetime) -> datetime | None:
    """When `state` will say something else by the clock alone; None when it will not."""
    lifetime, due_at = standing.lifetime, standing.due_at
    if lifetime is None:
        return None
    moments = [lifetime.not_after]
    if due_at is not None:
        moments += [due_at, due_at + lifetime.length * standing.overdue_after]
    return min((moment for moment in moments if moment > now), default=None)


_BY_STATE = {
    RotationState.EXPIRED: (Severity.CRITICAL, "expired", "The certificate has expired"),
    RotationState.OVERDUE: (Severity.WARNING, "overdue", "The rotation is overdue"),
    RotationState.FAILED: (Severity.WARNING, "rotation-failed", "The last attempt to get a certificate failed"),
}


_CA_AWAY = "Find out why the CA does not answer: meshtui info says where it listens. Agents go on trying."


def findings(target: str, standing: Standing, disagreement: str, now: datetime) -> tuple[Finding, ...]:
    """What is wrong with one target, worst first."""
    found = []
    known = _BY_STATE.get(state(standing, now))
    if standing.at_risk and standing.lifetime is not None and now < standing.lifetime.not_after:
        remaining = timedelta(seconds=int((standing.lifetime.not_after - now).total_seconds()))
        text = f"At risk: {standing.error} The certificate in service is good for another {remaining}."
        found.append(Finding(severity=Severity.WARNING, code="at-risk", target=target, text=text, fix=_CA_AWAY))
    elif known is not None:
        severity, code, text = known
        fix = f"meshtui rotate {target}"
        if standing.lifetime is None:
            severity, code, text = Severity.CRITICAL, "no-certificate", "There is no certificate"
            fix = f"meshtui issue {target}"
        if not standing.renewable:
            is_gateway = target.startswith(f"{TargetKind.GATEWAY}/")
            how = f"meshtui rotate {target} --cert FILE --key FILE, or --issuer NAME"
            fix = f"It was made elsewhere: {how if is_gateway else 'bring a new one from there.'}"
        reason = f": {standing.error}" if standing.error else ""
        if code == "overdue" and standing.manual:
            text = "The rotation is overdue, and nobody does it but you"
        found.append(Finding(severity=severity, code=code, target=target, text=f"{text}{reason}", fix=fix))
    if disagreement:
        found.append(
            Finding(
                severity=Severity.CRITICAL,
                code=disagreement.replace("≠", "-not-"),
                target=target,
                text=f"{disagreement}: the certificate is not the same in both places",
                fix=f"meshtui verify {target}",
            )
        )
    return tuple(sorted(found, key=lambda finding: list(Severity).index(finding.severity)))
