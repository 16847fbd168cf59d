"""ReferenceGrants: who may refer to what in another namespace."""

from __future__ import annotations

import json

from meshtui.manifest.api_model import ReferenceGrant
from meshtui.manifest.reference_grant import Permissions, grant_document
from tests.manifest.api_writing import reference_grant
from tests.manifest.writing import document, problems, read

GATEWAY = ("Gateway", "edge")


def permissions(*grants: dict[str, object]) -> Permissions:
    return Permissions(grant for grant in read(*grants) if isinstance(grant, ReferenceGrant))


def test_within_a_namespace_nobody_is_asked() -> None:
    """Only references to another namespace need a grant."""
    assert permissions().allow(GATEWAY, "Secret", "edge", "a")
    assert not permissions().allow(GATEWAY, "Secret", "certs", "a")


def test_a_grant_is_for_one_kind_and_namespace_on_both_sides() -> None:
    """Another kind or namespace, of who refers or of what is referred to, is not meant."""
    granted = permissions(reference_grant("edge", "certs"))
    assert granted.allow(GATEWAY, "Secret", "certs", "a")
    assert not granted.allow(("Gateway", "other"), "Secret", "certs", "a")
    assert not granted.allow(("HTTPRoute", "edge"), "Secret", "certs", "a")
    assert not granted.allow(GATEWAY, "ConfigMap", "certs", "a")
    assert not granted.allow(GATEWAY, "Secret", "others", "a")


def test_a_grant_may_be_for_one_object() -> None:
    """A name opens no other; several grants add up."""
    named = reference_grant("edge", "certs/a")
    assert permissions(named).allow(GATEWAY, "Secret", "certs", "a")
    assert not permissions(named).allow(GATEWAY, "Secret", "certs", "b")
    both = permissions(named, reference_grant("edge", "certs/b", name="second", version="v1beta1"))
    assert both.allow(GATEWAY, "Secret", "certs", "b")


def test_other_groups_open_nothing() -> None:
    """A Gateway of another API, or a Secret of one, is something else."""
    grant = reference_grant("edge", "certs")
    grant["spec"]["from"][0]["group"] = "networking.istio.io"
    assert not permissions(grant).allow(GATEWAY, "Secret", "certs", "a")
    grant = reference_grant("edge", "certs")
    grant["spec"]["to"][0]["group"] = "example.com"
    assert not permissions(grant).allow(GATEWAY, "Secret", "certs", "a")


def test_the_grant_that_is_missing_can_be_applied() -> None:
    """What is proposed is a document that allows the reference, whatever the names are."""
    name = "a." * 126 + "b"
    assert permissions(json.loads(json.dumps(grant_document(GATEWAY, "Secret", "certs", name)))).allow(
        GATEWAY, "Secret", "certs", name
    )


def test_grants_that_are_refused() -> None:
    """Both sides have to be written."""
    bad = document("ReferenceGrant", "a", api="gateway.networking.k8s.io/v1", spec={"from": [{}], "to": []})
    assert problems(bad) == [
        "spec.from[0].kind: required, and missing",
        "spec.from[0].namespace: required, and missing",
        "spec.to: must not be empty",
    ]
