"""An Envoy's refusal leads to the manifests that changed since it last took the resource."""

from __future__ import annotations

from typing import Any

from google.protobuf import duration_pb2

from meshtui.backends.embedded.delivery import Delivery
from meshtui.backends.embedded.provenance import Provenance
from meshtui.backends.embedded.rejection_findings import rejection_findings
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey
from meshtui.wire.discovery import EXTENSION, Accepted, Rejected, Resource, World
from meshtui.xds.extensions import DENY
from tests.policy.authorizing import policy, rule
from tests.xds.reading import SLEEP, mesh

RESOURCE = EXTENSION, DENY


def made_of(*methods: str) -> Catalog:
    """A DENY policy for each method."""
    return mesh().apply([policy(each.lower(), "DENY", rule(to={"methods": (each,)})) for each in methods])


def world(version: str) -> World:
    return {EXTENSION: {DENY: Resource(version, duration_pb2.Duration())}}


def keys(*names: str) -> dict[Any, tuple[ObjectKey, ...]]:
    return {RESOURCE: tuple(ObjectKey("AuthorizationPolicy", "prod", name) for name in names)}


def test_what_changed_since_the_last_that_was_taken() -> None:
    """However many versions were refused or never judged in between."""
    known = Provenance(SLEEP)
    known.keep(world("1"), made_of("GET"))
    assert known.suspects([RESOURCE]) == keys("get")
    known.hear(Accepted(EXTENSION, {DENY: "1"}))
    known.keep(world("2"), made_of("GET", "PUT"))
    known.hear(Rejected(EXTENSION, {DENY: "2"}, "no"))
    assert known.suspects([RESOURCE]) == keys("put")
    known.keep(world("3"), made_of("GET", "PUT", "POST"))
    assert known.suspects([RESOURCE]) == keys("post", "put")
    known.hear(Accepted(EXTENSION, {DENY: "2"}))
    assert known.suspects([RESOURCE]) == keys("post", "put"), "an answer to an older version says nothing of this one"


def test_other_manifests_leave_a_version_as_it_was_made() -> None:
    """A resource that stays the same was made of the manifests with which it first was so."""
    known = Provenance(SLEEP)
    known.keep(world("1"), made_of("GET"))
    known.hear(Accepted(EXTENSION, {DENY: "1"}))
    known.keep(world("2"), made_of("GET", "PUT"))
    known.keep(world("2"), made_of("GET", "PUT").apply([policy("x", "ALLOW")]))
    assert known.suspects([RESOURCE]) == keys("put")
    known.keep({}, made_of())
    assert known.suspects([RESOURCE]) == {}


def test_blame_is_by_manifest() -> None:
    """Each manifest has Envoy's words about the resource that it went into."""
    delivery = Delivery(refused={RESOURCE: "Bad."}, suspects=keys("a", "b"))
    assert delivery.blamed() == dict.fromkeys(keys("a", "b")[RESOURCE], "Bad.")


def test_findings_name_who_may_be_to_blame() -> None:
    """One of the workload and one of each manifest; of many manifests none, as none of them is likely."""
    one = list(rejection_findings(SLEEP, "Bad.", dict.fromkeys(keys("a")[RESOURCE], "Bad.")))
    assert [(each.code, each.target, each.affects) for each in one] == [
        ("proxy-rejected", SLEEP, ("AuthorizationPolicy prod/a",)),
        ("manifest-rejected", SLEEP, ("AuthorizationPolicy prod/a",)),
    ]
    assert one[1].fix.startswith("Correct AuthorizationPolicy prod/a and apply it again")
    many = list(rejection_findings(SLEEP, "Bad.", dict.fromkeys(keys(*"abcdef")[RESOURCE], "Bad.")))
    assert [(each.code, len(each.affects)) for each in many] == [("proxy-rejected", 6)]
    assert [each.text for each in many] == ["Envoy rejected its configuration: Bad."]
