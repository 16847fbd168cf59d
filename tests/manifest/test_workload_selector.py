"""The selector that all policies share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from meshtui.manifest.policy_model import Policy
from tests.manifest.policy_writing import authorization_policy, peer_authentication, request_authentication
from tests.manifest.writing import problems, read

KINDS = (peer_authentication, authorization_policy, request_authentication)


@pytest.mark.parametrize("write", KINDS)
def test_labels_select(write: Callable[..., dict[str, Any]]) -> None:
    """In each kind alike."""
    (found,) = read(write("a", selector={"matchLabels": {"app": "a", "version": "v1"}}))
    assert isinstance(found, Policy)
    assert found.selector == {"app": "a", "version": "v1"}


@pytest.mark.parametrize("write", KINDS)
def test_targets_are_refused(write: Callable[..., dict[str, Any]]) -> None:
    """A policy that names what it is about in another way is not about everything."""
    reference = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a"}
    assert problems(write("a", targetRefs=[reference])) == [
        "spec.targetRefs: valid elsewhere but not supported here: select gateways by the labels of their pods, with "
        "selector"
    ]
