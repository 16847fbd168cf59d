"""What a workload's agent may have beside the workload's own identity, as annotations of the pod say it.

`meshtui.io/identities: auditor, reporter=RSA 2048` are further service accounts of the same namespace, each with a
key pair of its own; `meshtui.io/bundles: partner` are Secrets of that namespace with CA certificates to verify others.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.manifest.fields import Fields
from meshtui.manifest.names import name_problem

IDENTITIES = "meshtui.io/identities"
BUNDLES = "meshtui.io/bundles"
MOST = 100
KEYS = ("EC P-256", "EC P-384", "RSA 2048", "RSA 3072", "RSA 4096")


@dataclass(frozen=True, order=True)
class Grant:
    """A further key pair: whose identity, on which kind of key."""

    service_account: str
    key: str = KEYS[0]


def read_grants(annotations: Fields) -> tuple[Grant, ...]:
    """Further identities; problems go to `annotations`."""
    grants = []
    for item in _items(annotations, IDENTITIES):
        account, _, key = (part.strip() for part in item.partition("="))
        if reason := name_problem(account):
            annotations.problem(IDENTITIES, f"{reason}; found {account[:80]!r}")
        elif key and key not in KEYS:
            annotations.problem(IDENTITIES, f"{key[:80]!r} is not a kind of key; use one of {', '.join(KEYS)}")
        else:
            grants.append(Grant(account, key or KEYS[0]))
    if len({grant.service_account for grant in grants}) < len(grants):
        annotations.problem(IDENTITIES, "names one service account twice")
    return tuple(grants)


def read_bundles(annotations: Fields) -> tuple[str, ...]:
    """Names of Secrets; problems go to `annotations`."""
    names = _items(annotations, BUNDLES)
    for name in names:
        if reason := name_problem(name):
            annotations.problem(BUNDLES, f"{reason}; found {name[:80]!r}")
    return tuple(dict.fromkeys(names))


def _items(annotations: Fields, name: str) -> list[str]:
    items = [item.strip() for item in annotations.text(name).split(",") if item.strip()]
    if len(items) > MOST:
        annotations.problem(name, f"{len(items)} names are more than {MOST}")
    return items[:MOST]
