"""The JSON of policies and traffic. The rules are those of `contract`."""

from __future__ import annotations

from typing import Any

from meshtui.cli.contract import time
from meshtui.mesh.access import PolicyRow
from meshtui.mesh.traffic import Call, Pair, Traffic


def policy(row: PolicyRow) -> dict[str, Any]:
    """One of the policies of `meshtui policies --json`."""
    return {
        "policy": row.policy,
        "kind": row.kind,
        "namespace": row.namespace,
        "name": row.name,
        "says": row.says,
        "scope": row.scope,
        "workloads": row.workloads,
        "state": row.state,
        "problem": row.problem or None,
        "decisions": row.decisions,
    }


def traffic(value: Traffic) -> dict[str, Any]:
    """`meshtui traffic --json`."""
    return {
        "since": time(value.since),
        "pairs": [pair(each) for each in value.pairs],
        "denied": [call(each) for each in value.denied],
        "dropped": value.dropped,
    }


def pair(value: Pair) -> dict[str, Any]:
    """Calls that are alike; a source of null proved no identity."""
    return {
        "source": value.source or None,
        "source_target": value.source_target or None,
        "destination": value.destination,
        "destination_identity": value.destination_identity or None,
        "policy": value.policy or None,
        "outcome": value.outcome.value,
        "tls": value.tls or None,
        "reporter": value.reporter,
        "count": value.count,
        "per_second": value.per_second,
        "last_at": time(value.last_at),
        "last_status": value.last_status or None,
        "last_text": value.last_text,
    }


def call(value: Call) -> dict[str, Any]:
    """One call; a status of null: there was no answer."""
    return {
        "at": time(value.at),
        "reporter": value.reporter,
        "source": value.source or None,
        "source_target": value.source_target or None,
        "destination": value.destination,
        "destination_identity": value.destination_identity or None,
        "method": value.method,
        "host": value.host,
        "path": value.path,
        "status": value.status or None,
        "outcome": value.outcome.value,
        "policy": value.policy or None,
        "tls": value.tls or None,
        "details": value.details or None,
        "milliseconds": value.milliseconds,
    }
