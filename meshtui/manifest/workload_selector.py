"""Reads which workloads a policy is about. All kinds of Istio's policies write it in the same way."""

from __future__ import annotations

from meshtui.manifest.fields import Fields
from meshtui.manifest.names import label_key_problem, label_value_problem


def read_workload_selector(spec: Fields) -> dict[str, str]:
    """The labels of `selector.matchLabels`; empty for all workloads. Gateway API objects cannot be targets here."""
    spec.unsupported("targetRef", "targetRefs", why="select gateways by the labels of their pods, with selector")
    with spec.mapping("selector") as selector:
        return selector.text_map("matchLabels", key=label_key_problem, value=label_value_problem)
