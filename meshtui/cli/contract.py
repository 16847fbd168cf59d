"""The JSON that other programs rely on. Names are a contract; what is added here is never taken away again.

Times are RFC 3339 in UTC, durations seconds, serials lower-case hexadecimal; `null` is "there is none", and
`{"unknown": reason}` what could not be learned.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from meshtui.findings import Check, Finding, Verification
from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.access import Explanation, TrailStep
from meshtui.mesh.actions import Plan, Progress
from meshtui.mesh.overview import Outage
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.snapshot import Authority, Endpoints, Gateway, GrantedIdentity, Identity, Rotation, Snapshot, Truth

SCHEMA = 1
_UNDECODED = re.compile("[\ud800-\udfff]")
"""What Python makes of bytes in a path or an argument that are no UTF-8; only escaped can it be written."""


def text(value: Any, *, ascii_only: bool = False) -> str:
    """A JSON document as it is printed; `ascii_only` where nothing else could be, which is the same document."""
    document = json.dumps(value, indent=2, ensure_ascii=ascii_only)
    return text(value, ascii_only=True) if _UNDECODED.search(document) else document


def time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, or null."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


def certificate(facts: CertificateFacts | None) -> dict[str, Any] | None:
    """A certificate, or null."""
    if facts is None:
        return None
    return {
        "serial": facts.serial,
        "subject": facts.subject,
        "sans": list(facts.sans),
        "issuer": facts.issuer,
        "not_before": time(facts.not_before),
        "not_after": time(facts.not_after),
        "sha256": facts.sha256,
        "key": facts.key,
        "public_key_sha256": facts.public_key_sha256,
        "signature": facts.signature,
        "is_ca": facts.is_ca,
    }


def fault(message: str, fix: str) -> dict[str, Any]:
    """What every command prints with `--json` when it could not do what it was asked; the exit status says how bad."""
    return {"error": {"message": message, "fix": fix or None}}


def endpoints(value: Endpoints) -> dict[str, Any]:
    """Where the mesh listens; null for a part that does not run."""
    return {
        "ca": value.ca or None,
        "ca_mtls": value.ca_mtls or None,
        "ca_root": value.ca_root or None,
        "operator": value.operator or None,
        "metrics": value.metrics or None,
        "gateway": {
            "https": value.gateway_https or None,
            "http": value.gateway_http or None,
            "ports": dict(value.gateway_ports),
        },
        "outbound": dict(value.outbound),
    }


def status(snapshot: Snapshot, outage: Outage) -> dict[str, Any]:
    """`meshtui status --json`."""
    info = snapshot.info
    return {
        "schema": SCHEMA,
        "mesh": {
            "name": info.name,
            "trust_domain": info.trust_domain,
            "backend": info.backend,
            "version": info.version,
            "envoy": info.envoy or None,
            "proxies": {"running": info.proxies_running, "wanted": info.proxies_wanted},
            "ca_answers": info.ca_answers,
            "ca_fault": info.ca_fault or None,
            "read_only": info.read_only,
            "notices": list(info.notices),
        },
        "endpoints": endpoints(info.endpoints),
        "identities": [_identity(each) for each in snapshot.identities],
        "gateways": [_gateway(each) for each in snapshot.gateways],
        "authorities": [_authority(each) for each in snapshot.authorities],
        "findings": [finding(each) for each in snapshot.findings],
        "outage": {
            "workloads": outage.workloads,
            "first": time(outage.first),
            "half": time(outage.half),
            "all": time(outage.all),
        },
    }


def finding(value: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "severity": value.severity.value,
        "code": value.code,
        "target": value.target or None,
        "text": value.text,
        "fix": value.fix,
        "affects": list(value.affects),
    }


def verification(value: Verification) -> dict[str, Any]:
    """One of the results of `meshtui verify --json`."""
    return {
        "target": value.target,
        "passed": value.passed,
        "checks": [_check(each) for each in value.checks],
        "by_hand": list(value.by_hand),
    }


def outcome(value: Progress) -> dict[str, Any]:
    """One of the results of `meshtui issue --json`, `rotate --json` and `undo --json`."""
    return {
        "target": value.target,
        "ok": not value.error,
        "before": certificate(value.before),
        "after": certificate(value.after),
        "served": value.served,
        "error": value.error or None,
    }


def plan(value: Plan) -> dict[str, Any]:
    """What `--dry-run --json` prints."""
    return {
        "title": value.title,
        "verb": value.verb,
        "steps": [{"target": step.target, "text": step.text} for step in value.steps],
        "effects": [*value.effects, *value.warnings],
        "warnings": list(value.warnings),
        "command": value.command,
        "by_hand": list(value.by_hand),
    }


def history(value: HistoryEntry) -> dict[str, Any]:
    """One entry of `meshtui history --json`."""
    return {
        "at": time(value.at),
        "kind": value.kind,
        "target": value.target,
        "actor": value.actor,
        "text": value.text,
        "outcome": value.outcome,
        "serial": value.serial or None,
        "not_after": time(value.not_after),
        "credential": value.credential or None,
        "policy": value.policy or None,
        "reason": value.reason or None,
        "record": value.record or None,
    }


def explanation(value: Explanation) -> dict[str, Any]:
    """`meshtui explain --json`."""
    return {
        "source": value.source,
        "destination": value.destination,
        "identity": value.identity,
        "port": value.port,
        "method": value.method,
        "path": value.path,
        "host": value.host or None,
        "allowed": value.allowed,
        "stage": value.stage,
        "policy": value.policy or None,
        "reason": value.reason,
        "outcome": value.outcome,
        "client": value.client,
        "mtls": value.mtls or None,
        "mtls_policy": value.mtls_policy or None,
        "accepted": list(value.accepted),
        "trail": [_asked(step) for step in value.trail],
    }


def _asked(value: TrailStep) -> dict[str, Any]:
    return {
        "policy": value.policy,
        "action": value.action,
        "matched": value.matched,
        "dry_run": value.dry_run,
        "rule": value.rule,
        "why": value.why or None,
    }


def _check(value: Check) -> dict[str, Any]:
    return {
        "name": value.name,
        "passed": value.passed,
        "seen": value.seen,
        "fix": value.fix or None,
        "host": value.host or None,
        "address": value.address or None,
    }


def _truth(value: Truth) -> dict[str, Any] | None:
    return {"unknown": value.unknown} if value.unknown else certificate(value.certificate)


def _rotation(value: Rotation) -> dict[str, Any]:
    return {
        "state": value.state.value,
        "at_risk": value.at_risk,
        "due_at": time(value.due_at),
        "last_rotated_at": time(value.last_rotated_at),
        "last_error": value.last_error or None,
        "count": value.count,
        "failures": value.failures,
        "rejected": value.rejected,
        "manual": value.manual,
    }


def _identity(value: Identity) -> dict[str, Any]:
    return {
        "target": value.target,
        "spiffe_id": value.spiffe_id,
        "desired": {"proxy": value.proxy, "sds_socket": value.sds_socket or None, "inbound": value.inbound or None},
        "issued": _truth(value.issued),
        "held": _truth(value.held),
        "served": _truth(value.served),
        "rotation": _rotation(value.rotation),
        "mtls": value.mtls or None,
        "granted": [_granted(each) for each in value.granted],
        "disagreement": value.disagreement or None,
    }


def _granted(value: GrantedIdentity) -> dict[str, Any]:
    return {
        "spiffe_id": value.spiffe_id,
        "issued": _truth(value.issued),
        "held": _truth(value.held),
        "due_at": time(value.due_at),
        "last_error": value.last_error or None,
        "disagreement": value.disagreement or None,
    }


def _gateway(value: Gateway) -> dict[str, Any]:
    return {
        "target": value.target,
        "gateway": value.gateway or None,
        "hosts": list(value.hosts),
        "tls_mode": value.tls_mode or None,
        "ca_root": value.ca_root or None,
        "desired": bool(value.gateway),
        "issued": _truth(value.issued),
        "held": _truth(value.held),
        "served": _truth(value.served),
        "rotation": _rotation(value.rotation),
        "previous": certificate(value.previous),
        "disagreement": value.disagreement or None,
    }


def _authority(value: Authority) -> dict[str, Any]:
    return {
        "target": value.target,
        "role": value.role,
        "signing": value.signing,
        "trusted": value.trusted,
        "certificate": certificate(value.certificate),
    }
