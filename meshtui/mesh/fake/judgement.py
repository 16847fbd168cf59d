"""What the fake mesh says of its rows: what is wrong with each, and what a verification of it sees."""

from __future__ import annotations

from datetime import datetime

from meshtui.findings import Check, Finding, Severity, Verification
from meshtui.mesh.fake.certificates import TRUST_DOMAIN
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Mark, RotationState
from meshtui.mesh.targets import TargetKind

_ADDRESS = "127.0.0.1:8443"
"""Where the gateway of this mesh would answer."""


def findings_of(row: Row) -> tuple[Finding, ...]:
    """What is wrong with this row, worst first."""
    found = []
    fix = f"meshtui {'rotate' if row.serial else 'issue'} {row.target}"
    if row.state is RotationState.EXPIRED:
        found.append(_finding(row, Severity.CRITICAL, "expired", "The certificate has expired.", fix))
    if row.disagreement:
        text = f"The truths disagree: {row.disagreement}. {row.last_error}".rstrip()
        found.append(_finding(row, Severity.CRITICAL, row.disagreement.replace("≠", "-not-"), text, fix))
    if row.state is RotationState.OVERDUE and not row.disagreement:
        text = f"It should have been replaced by now. {row.last_error}".rstrip()
        found.append(_finding(row, Severity.WARNING, "overdue", text, fix))
    return tuple(found)


def verification_of(row: Row, now: datetime) -> Verification:
    """Every check of this row, judged by what the row says."""
    fix = f"Run: meshtui {'rotate' if row.serial else 'issue'} {row.target}"
    if not row.serial or row.not_after is None:
        missing = Check(name="certificate", passed=False, seen="There is none.", fix=fix)
        return Verification(target=row.target, checks=(missing,))
    alive = now < row.not_after
    checks = [
        Check(name="chain", passed=True, seen=f"Signed by {row.issuer}, up to a root that the mesh trusts."),
        Check(name="key", passed=True, seen="The holder's key is the certificate's."),
        Check(
            name="lifetime",
            passed=alive,
            seen=f"{'Ends' if alive else 'Ended'} at {row.not_after:%Y-%m-%d %H:%M:%SZ}.",
            fix="" if alive else fix,
        ),
        _ledger(row, fix),
    ]
    if row.target.startswith(f"{TargetKind.WORKLOAD}/"):
        checks.insert(1, Check(name="SPIFFE ID", passed=True, seen=f"{row.identity} is of {TRUST_DOMAIN}."))
    if row.truths[3] is not Mark.ABSENT:
        checks += _wire(row, fix)
    return Verification(target=row.target, checks=tuple(checks), by_hand=_by_hand(row))


def _finding(row: Row, severity: Severity, code: str, text: str, fix: str) -> Finding:
    return Finding(severity=severity, code=code, target=row.target, text=text, fix=f"Run: {fix}")


def _ledger(row: Row, fix: str) -> Check:
    if row.truths[2] is Mark.DIFFERS:
        return Check(name="ledger", passed=False, seen="A newer certificate was issued than is held.", fix=fix)
    return Check(name="ledger", passed=True, seen=f"The CA issued {row.serial}.")


def _wire(row: Row, fix: str) -> list[Check]:
    mark, host = row.truths[3], _host(row)
    address = _ADDRESS if host else ""
    if mark is Mark.UNKNOWN:
        ask = "Look at the proxy's log; its admin interface is how Envoy is asked."
        seen = "Envoy's admin interface did not answer."
        return [
            Check(name="proxy", passed=None, seen=seen, fix=ask),
            Check(name="handshake", passed=None, seen=seen, fix=ask, host=host, address=address),
        ]
    agrees = mark is Mark.AGREES
    seen, fix = f"presents {row.served_serial}{'' if agrees else f', not {row.serial}'}.", "" if agrees else fix
    return [
        Check(name="proxy", passed=agrees, seen=f"{row.served_by} {seen}", fix=fix),
        Check(name="handshake", passed=agrees, seen=f"The wire {seen}", fix=fix, host=host, address=address),
    ]


def _host(row: Row) -> str:
    """What a gateway is asked for; empty for what is no gateway."""
    kind = row.target.partition("/")[0]
    return row.identity.split(", ")[0].replace("*", "any") if kind == TargetKind.GATEWAY else ""


def _by_hand(row: Row) -> tuple[str, ...]:
    host = _host(row)
    if not host or row.truths[3] is Mark.ABSENT:
        return ()
    port = _ADDRESS.rpartition(":")[2]
    return (
        f"curl -sS -o /dev/null --resolve {host}:{port}:127.0.0.1 --cacert root.pem https://{host}:{port}/",
        f"openssl s_client -connect {_ADDRESS} -servername {host} -CAfile root.pem -verify_hostname {host} </dev/null",
    )
