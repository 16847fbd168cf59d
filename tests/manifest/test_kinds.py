"""Kinds as people write them."""

from __future__ import annotations

import pytest

from meshtui.errors import UsageError
from meshtui.manifest.kinds import find_kind, kind_problem


@pytest.mark.parametrize("word", ["Deployment", "deployment", "deployments", "deploy", "DEPLOY"])
def test_a_kind_has_several_words(word: str) -> None:
    """Name, plural and kubectl's short name are understood in any case."""
    assert find_kind(word).name == "Deployment"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("gateway", "Gateway"),
        ("gw", "Gateway"),
        ("gateways.networking.istio.io", "Gateway"),
        ("gtw", "Gateway.gateway.networking.k8s.io"),
        ("gateway.gateway.networking.k8s.io", "Gateway.gateway.networking.k8s.io"),
        ("Gateways.gateway.networking.k8s.io", "Gateway.gateway.networking.k8s.io"),
        ("deployments.apps", "Deployment"),
        ("httproutes", "HTTPRoute"),
        ("refgrant", "ReferenceGrant"),
        ("cm", "ConfigMap"),
        ("pa", "PeerAuthentication"),
        ("ap", "AuthorizationPolicy"),
        ("authorizationpolicies.security.istio.io", "AuthorizationPolicy"),
        ("ra", "RequestAuthentication"),
        ("dr", "DestinationRule"),
    ],
)
def test_a_group_tells_kinds_apart(word: str, name: str) -> None:
    """As with kubectl; the short word that two kinds have is Istio's here, and what a key prints is a word as well."""
    assert find_kind(word).name == name
    assert find_kind(name).name == name


@pytest.mark.parametrize("word", ["", "pod", "deplo", "services.", "deployments.v1", "gateways.k8s.io"])
def test_other_words_are_refused(word: str) -> None:
    """Any other word is an error that lists the kinds; an empty one does not stand for a kind without short name."""
    with pytest.raises(UsageError, match=r"Use one of Namespace, "):
        find_kind(word)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("AuthorisationPolicy", "AuthorizationPolicy"), ("servces", "services"), ("HttpRout", "HTTPRoute"), ("pod", "")],
)
def test_a_slip_is_told_what_was_meant(word: str, meant: str) -> None:
    """On the command line and in a document; of what is not nearly a kind nothing is guessed."""
    with pytest.raises(UsageError) as refused:
        find_kind(word)
    for told in (refused.value.message, kind_problem("security.istio.io/v1", word)):
        assert ("did you mean" in told) is bool(meant)
        assert meant in told
