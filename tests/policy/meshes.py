"""The small mesh of `writing` with policies as documents, the first of them the oldest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey
from meshtui.manifest.policy_model import DestinationRule, Policy
from tests.manifest.test_catalog import ingress
from tests.manifest.writing import deployment, read
from tests.policy.writing import mesh

INGRESS = ingress(namespace="edge")
AGENT = deployment("agent", {"app": "agent"}, namespace="agents")
"""A workload without a proxy."""
ONLY_A: dict[str, Any] = {"selector": {"matchLabels": {"app": "a"}}}


def with_policies(*policies: dict[str, Any], more: tuple[dict[str, Any], ...] = (INGRESS, AGENT)) -> Catalog:
    """`a` and `b` in prod, `c` in other, a gateway in edge, an agent alone in agents; and these policies."""
    found = [replace(each, created_at=f"2026-01-01T00:00:{number:02}") for number, each in enumerate(read(*policies))]
    return mesh(*found, more=more)


def policy(catalog: Catalog, kind: type[Policy] | type[DestinationRule], name: str) -> Policy | DestinationRule:
    """By `NAMESPACE/NAME`."""
    found = catalog.get(ObjectKey(kind.kind, *name.split("/")))
    assert isinstance(found, Policy | DestinationRule)
    return found
