"""Tokens of the fake mesh: the form of a service-account token, under a signature that no one accepts."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta

from meshtui.errors import UsageError
from meshtui.mesh.rows import Row
from meshtui.mesh.targets import TargetKind


def token_of(row: Row, audience: str, duration: timedelta, now: datetime) -> str:
    """A token for the workload of `row`; raises UsageError for a row that is none."""
    if not row.target.startswith(f"{TargetKind.WORKLOAD}/"):
        raise UsageError(f"{row.target} is not a workload; only workloads have tokens.", fix="Name a workload.")
    _, namespace, name = row.target.split("/")
    claims = {
        "iss": "https://fake.invalid",
        "sub": f"system:serviceaccount:{namespace}:{name}",
        "aud": [audience],
        "iat": int(now.timestamp()),
        "exp": int((now + duration).timestamp()),
    }
    return ".".join(_encoded(part) for part in (json.dumps({"alg": "ES256"}), json.dumps(claims), "no signature"))


def _encoded(part: str) -> str:
    return base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode()
