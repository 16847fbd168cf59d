"""Calls for tests, and a clock that stands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from meshtui.mesh.traffic import Call, Outcome

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SLEEP = "workload/prod/sleep"
HTTPBIN = "workload/prod/httpbin"
SLEEP_ID = "spiffe://cluster.local/ns/prod/sa/sleep"
HTTPBIN_ID = "spiffe://cluster.local/ns/prod/sa/httpbin"


def call(**other: Any) -> Call:
    """A call of sleep to httpbin that went well, but for what is said."""
    fields: dict[str, Any] = {
        "at": NOW,
        "reporter": "destination",
        "source": SLEEP_ID,
        "source_target": SLEEP,
        "destination": HTTPBIN,
        "destination_identity": HTTPBIN_ID,
        "method": "GET",
        "host": "httpbin.prod",
        "path": "/get",
        "status": 200,
        "outcome": Outcome.OK,
        "tls": "TLSv1.3",
        "details": "via_upstream",
        "milliseconds": 3.0,
    }
    return Call(**{**fields, **other})


def denied(**other: Any) -> Call:
    """One that a policy refused."""
    refusal = {"status": 403, "outcome": Outcome.DENIED, "policy": "AuthorizationPolicy prod/deny", "details": "rbac"}
    return call(**{**refusal, **other})
