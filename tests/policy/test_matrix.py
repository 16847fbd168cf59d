"""Who can call whom, for all pairs at once."""

from __future__ import annotations

import itertools

import pytest

from meshtui.errors import UsageError
from meshtui.manifest.catalog import Catalog
from meshtui.policy import matrix
from meshtui.policy.explain import Question, explain
from meshtui.policy.extent import Extent, Reached
from meshtui.policy.matrix import who_can_call
from tests.policy import authorizing as to
from tests.policy.test_explain import GATEWAY, ISSUER, SEED, catalog
from tests.policy.tokens import NOW
from tests.policy.writing import DISABLE, peer, rule

A, B, C = "workload/prod/a", "workload/prod/b", "workload/other/c"


def pairs(known: Catalog, namespace: str = "") -> dict[tuple[str, str], Reached]:
    found = who_can_call(known, namespace, to.TRUST_DOMAIN)
    ends = itertools.product(found.destinations, found.sources)
    return {(source, destination): each for (destination, source), each in zip(ends, found.reached, strict=True)}


def test_the_seed_case() -> None:
    """`a` may some, the gateway all, and without an identity not even a connection comes about."""
    found = {source: each.extent for (source, destination), each in pairs(catalog(*SEED)).items() if destination == B}
    assert found == {
        "plaintext": Extent.BROKEN,
        A: Extent.SOME,
        B: Extent.NONE,
        C: Extent.NONE,
        GATEWAY: Extent.ALL,
    }


def test_ends_are_those_with_a_proxy() -> None:
    """A workload without one calls in plaintext, and nothing is enforced where it is called."""
    found = who_can_call(catalog(*SEED), "prod", to.TRUST_DOMAIN)
    assert found.sources == ("plaintext", GATEWAY, C, A, B)
    assert found.destinations == (A, B)
    assert len(found.reached) == len(found.sources) * len(found.destinations)
    assert who_can_call(catalog(), "default", to.TRUST_DOMAIN).destinations == ()


def test_gateways_are_for_those_outside() -> None:
    """That the mesh does not call them is no fault."""
    found = pairs(catalog(*SEED))
    assert (found["plaintext", GATEWAY].extent, found[A, GATEWAY].extent) == (Extent.ALL, Extent.NONE)


def test_a_rule_of_one_namespace_breaks_the_calls_of_its_own() -> None:
    """And of nobody else."""
    known = catalog(*SEED, rule("plain", "c.other.svc.cluster.local"), peer("b", DISABLE, selector={"app": "b"}))
    found = pairs(known)
    assert [found[source, C].extent for source in (A, B, GATEWAY)] == [Extent.BROKEN, Extent.BROKEN, Extent.ALL]
    assert [found[source, B].extent for source in (A, "plaintext")] == [Extent.BROKEN, Extent.NONE]
    assert "Auto mTLS does not look at policies with a selector." in found[A, B].reason


def test_it_says_what_explain_says() -> None:
    """What is all or nothing is so for every request that is asked about."""
    known = catalog(
        *SEED,
        ISSUER.policy(),
        to.policy("no-deletes", "DENY", to.rule(to={"methods": ("DELETE",)}), namespace="other"),
        rule("plain", "a.prod.svc.cluster.local", namespace="other"),
    )
    for (source, destination), reached in pairs(known).items():
        for method, path in itertools.product(("GET", "DELETE"), ("/get", "/status/418")):
            question = Question(source=source, destination=destination, method=method, path=path)
            answer = explain(known, question, trust_domain=to.TRUST_DOMAIN, now=NOW)
            if reached.extent is not Extent.SOME:
                assert answer.allowed == (reached.extent is Extent.ALL), (question, reached)


def test_what_is_not_there_or_too_much_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    with pytest.raises(UsageError, match="There is no namespace 'nowhere'"):
        who_can_call(catalog(), "nowhere", to.TRUST_DOMAIN)
    monkeypatch.setattr(matrix, "PAIRS_MAX", 4)
    with pytest.raises(UsageError, match=r"are 20 pairs\. Up to 4 are shown; name a namespace"):
        who_can_call(catalog(), "", to.TRUST_DOMAIN)
