"""Annotations that nothing reads."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.annotations import misspelt
from meshtui.manifest.catalog import Catalog
from tests.manifest.policy_writing import authorization_policy
from tests.manifest.writing import deployment, document, read


def annotated(written: dict[str, Any], **annotations: str) -> dict[str, Any]:
    return {**written, "metadata": {**written["metadata"], "annotations": annotations}}


def test_what_is_nearly_an_annotation_is_told() -> None:
    """In either half, of objects and of pods; what is right, and what others may read, is not."""
    policy = annotated(
        authorization_policy("p"), **{"istio.io/dryrun": "true", "istio.io/rev": "x", "example.com/note": "y"}
    )
    fine = annotated(document("ServiceAccount", "a"), **{"meshtui.io/secrets": "none", "meshtui.io/anything": "x"})
    other = annotated(document("Secret", "s"), **{"meshtu.io/lifetime": "90d", "lifetime": "90d"})
    pods = deployment("d", {"app": "d"}, annotations={"sidecar.istio.io/Injekt": "true", "sidecar.istio.io/status": ""})
    assert misspelt(Catalog.of(read(policy, fine, other, pods))) == (
        "AuthorizationPolicy prod/p: metadata.annotations: nothing reads istio.io/dryrun; did you mean "
        "istio.io/dry-run?",
        "Deployment prod/d: spec.template.metadata.annotations: nothing reads sidecar.istio.io/Injekt; did you mean "
        "sidecar.istio.io/inject?",
        "Secret prod/s: metadata.annotations: nothing reads meshtu.io/lifetime; did you mean meshtui.io/lifetime?",
    )
