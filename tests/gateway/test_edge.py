"""The edge, judged change by change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.gateway.edge import Edge
from meshtui.gateway.issuers import NO_ROOTS
from meshtui.manifest.model import Manifest, ObjectKey
from tests.gateway.edges import HOST, ROOT, ROOTS, TARGET, edge, findings, leaf, pair, secret, simple
from tests.gateway.test_granted_references import NAME, gateway_workload
from tests.identity.forge import NOW
from tests.manifest.api_writing import http_route, kubernetes_gateway, reference, reference_grant, sends, terminates
from tests.manifest.test_catalog import ingress
from tests.manifest.writing import deployment, document, gateway, https, read, to, virtual_service

WIDE, NARROW = leaf("*.example.com"), leaf("b.example.com")


def _born(item: Manifest, day: int) -> Manifest:
    return replace(item, created_at=f"2026-01-{day:02}")


_WORKLOAD = gateway_workload("edge", **{NAME: "web"})
_REFUSED = document("ServiceAccount", "default", "edge")
_REFUSED["metadata"] = {**_REFUSED["metadata"], "annotations": {"meshtui.io/secrets": "none"}}
_REFS = [reference("clients", kind="ConfigMap", group="")]
_FRONTEND = {"frontend": {"default": {"validation": {"caCertificateRefs": _REFS}}}}
_ADDRESSES = [{"type": "Hostname", "value": "in.edge.svc.cluster.local"}]


def _web(*listeners: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return kubernetes_gateway("web", *listeners, namespace="edge", **spec)


POSSIBLE = (
    *read(ingress()),
    *read(deployment("ingress", namespace="edge")),
    *(_born(item, 3) for item in read(simple())),
    *(_born(item, 3) for item in read(simple(HOST, "b.example.com", mode="MUTUAL"))),
    *(_born(item, 2) for item in read(gateway("two", https("b.example.com", HOST, credential="other")))),
    *(_born(item, 2) for item in read(gateway("two", https("c.example.com", credential="credential")))),
    *(_born(item, 4) for item in read(gateway("three", https(HOST, credential="credential", number=8443)))),
    *read(secret(**pair(WIDE))),
    *read(secret(**pair(NARROW, ca_crt=ROOT.pem))),
    *read(secret(tls_crt=WIDE.pem, tls_key="hello")),
    *read(secret("other", **pair(WIDE))),
    *read(secret("other", **pair(NARROW))),
    *read(secret("credential-cacert", kind="Opaque", cacert=ROOT.pem)),
    *read(secret("credential-cacert", kind="Opaque", wrong="x")),
    *read(virtual_service("route", to("a"), gateways=("one", "two"))),
    *read(virtual_service("route", to("a"), to("b"), gateways=("two", "mesh"))),
    *read(document("ServiceAccount", "someone")),
    *read(document("ServiceAccount", "default", "edge")),
    *read(_REFUSED),
    *read(_WORKLOAD),
    *(_born(item, 1) for item in read(_web(terminates("a", "prod/shared", host=HOST)))),
    *(_born(item, 1) for item in read(_web(terminates("a", "credential", host="b.example.com"), tls=_FRONTEND))),
    *(_born(item, 5) for item in read(_web(terminates("a", "other", host=HOST), addresses=_ADDRESSES))),
    *read(document("Service", "in", "edge", spec={"ports": [{"port": 443}], "selector": {"app": "in"}})),
    *read(reference_grant("edge", "prod")),
    *read(secret("shared", namespace="prod", **pair(WIDE))),
    *read(document("ConfigMap", "clients", "edge", data={"ca.crt": ROOT.pem})),
    *read(http_route("web", sends("a"), parents=("edge/web",), namespace="edge")),
    *read(http_route("web", sends("a"), sends("b"), parents=("edge/web",), namespace="edge", hostnames=[HOST])),
)
CHANGES = st.lists(st.tuples(st.booleans(), st.sampled_from(range(len(POSSIBLE)))), max_size=30)


@settings(max_examples=150, deadline=None)
@given(changes=CHANGES)
def test_changes_lead_to_the_same_as_a_new_look(changes: list[tuple[bool, int]]) -> None:
    """However it came about, an edge is judged as one that is read anew."""
    lived, objects = Edge(ROOTS), dict[ObjectKey, Manifest]()
    for present, number in changes:
        item = POSSIBLE[number]
        if present:
            objects[item.key] = item
            lived.change([item])
        else:
            objects.pop(item.key, None)
            lived.change(dropped=[item.key])
        lived.findings(NOW)
    fresh = Edge(ROOTS)
    fresh.change(objects.values())
    assert sorted(map(repr, lived.findings(NOW))) == sorted(map(repr, fresh.findings(NOW)))


def test_roots_that_become_known_are_taken_into_account() -> None:
    """A gateway root is made when it first signs: what it signed is judged again."""
    place = edge(simple(), secret(**pair(leaf())), roots=NO_ROOTS)
    assert [each.code for each in place.findings(NOW)] == ["chain-incomplete"]
    place.trust(ROOTS)
    assert place.findings(NOW) == ()


def test_the_clock_needs_no_change() -> None:
    """The same edge says other things at another time."""
    place = edge(simple(), secret(**pair(leaf())))
    assert [[each.code for each in place.findings(NOW + timedelta(days=days))] for days in (0, 11)] == [[], ["expired"]]


def test_a_secret_of_another_namespace() -> None:
    """Is not read for Istio's Gateway, there or not: said of that Secret, with what to do."""
    (found,) = read(simple())
    server = found.servers[0]  # type: ignore[attr-defined]
    elsewhere = replace(server.tls.credentials[0], namespace="prod")
    server = replace(server, tls=replace(server.tls, credentials=(elsewhere,)))
    place = edge(secret(namespace="prod", **pair(leaf())))
    place.change([replace(found, servers=(server,))])  # type: ignore[call-arg]
    (forbidden,) = place.findings(NOW)
    assert (forbidden.target, forbidden.code) == ("gateway/prod/credential", "reference-forbidden")
    assert "a gateway in namespace edge may not read a Secret of namespace prod" in forbidden.text
    assert forbidden.affects == (f"host {HOST}", "Gateway prod/one")


def test_a_secret_that_was_not_granted() -> None:
    """To a Gateway of the Gateway API: the finding's fix is the grant, and with it there is none."""
    place = edge(
        _WORKLOAD, _web(terminates("a", "prod/shared", host=HOST)), secret("shared", namespace="prod", **pair(WIDE))
    )
    (forbidden,) = place.findings(NOW)
    assert (forbidden.target, forbidden.code) == ("gateway/prod/shared", "reference-forbidden")
    assert "ReferenceGrant" in forbidden.fix
    place.change(read(reference_grant("edge", "prod")))
    assert place.findings(NOW) == ()


def test_what_stands_behind_a_target() -> None:
    """For a plan and a detail view, whether anything is wrong or not; nothing for what nobody refers to."""
    place = edge(simple(), secret(**pair(leaf())), virtual_service("route", to("a"), gateways=("one",)))
    assert place.reach_of(TARGET) == (f"host {HOST}", "Gateway prod/one", "VirtualService prod/route (1 route)")
    assert place.reach_of("gateway/edge/none") == ()
    assert findings(simple(), secret(**pair(leaf()))) == {}
