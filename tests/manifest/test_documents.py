"""From text to objects, with every problem at once."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from meshtui.errors import ManifestError
from meshtui.manifest.documents import parse, parse_document
from meshtui.manifest.model import Namespace, ObjectKey, ServiceAccount
from tests.manifest.api_writing import (
    allowing,
    http_route,
    kubernetes_gateway,
    listens,
    path,
    reference_grant,
    sends,
    terminates,
)
from tests.manifest.policy_writing import (
    authorization_policy,
    destination_rule,
    jwt_rule,
    operation,
    peer_authentication,
    request_authentication,
    source,
    when,
)
from tests.manifest.writing import deployment, document, gateway, http, https, problems, read, to, virtual_service


def test_every_problem_is_told_with_its_place() -> None:
    """All documents are read to their end, and each line names source, document, object, path and reason."""
    text = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: prod}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 443, name: https, protocol: HTTPS}
      hosts: [a.example.com]
      tls: {mode: SIMPEL, credentialname: c}
---
apiVersion: v1
kind: Namespace
metadata: {name: Prod}
"""
    with pytest.raises(ManifestError) as caught:
        parse(text, "mesh.yaml")
    edge = "mesh.yaml: document 1 (Gateway prod/edge): spec.servers[0].tls."
    assert (
        f"{edge}mode: expected one of SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUTUAL, PASSTHROUGH, AUTO_PASSTHROUGH, "
        'found "SIMPEL"',
        f"{edge}credentialName: required, and missing; SIMPLE presents the key pair of a Secret",
        f"{edge}credentialname: unknown field; did you mean credentialName?",
        "mesh.yaml: document 2 (Namespace Prod): metadata.name: expected 1 to 63 of a-z, 0-9 and -, starting and ending"
        ' with a letter or digit (RFC 1123); found "Prod"',
    ) == caught.value.problems


def test_one_bad_document_refuses_all() -> None:
    """Good documents beside a bad one are not accepted either."""
    assert problems(document("Namespace", "prod", ""), document("Namespace", "", "")) == [
        "metadata.name: must not be empty"
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello", 'document 1: expected an object with apiVersion and kind, found "hello"'),
        ("[1]", "document 1: expected an object with apiVersion and kind, found a list"),
        ("a: [", "document 1: line 2, column 1: cannot be read: "),
        ("kind: Namespace", "document 1 (Namespace without a name): apiVersion: required, and missing"),
        ("apiVersion: v1", "document 1 (no kind without a name): kind: required, and missing"),
        ("{apiVersion: v1, kind: Namespace}", "document 1 (Namespace without a name): metadata: required, and missing"),
        ("{apiVersion: v1, kind: [], metadata: []}", "document 1 (no kind without a name): kind: expected text, found"),
    ],
)
def test_what_is_no_manifest(text: str, reason: str) -> None:
    """Text that is no object, or has no kind or name, is refused with what is missing."""
    with pytest.raises(ManifestError, match=r"nothing was changed") as caught:
        parse(text, "-")
    assert caught.value.problems[0].startswith(f"-: {reason}")


@pytest.mark.parametrize(
    ("api", "kind", "reason"),
    [
        (
            "networking.istio.io/v1",
            "ServiceEntry",
            "kind ServiceEntry of networking.istio.io/v1 is not supported yet",
        ),
        (
            "gateway.networking.k8s.io/v1",
            "TLSRoute",
            "kind TLSRoute of gateway.networking.k8s.io/v1 is not supported yet",
        ),
        ("v1", "Pod", "kind Pod of v1 is not supported yet"),
        ("apps/v1beta1", "Deployment", "kind Deployment has no version apps/v1beta1; write apiVersion: apps/v1"),
        (
            "gateway.networking.k8s.io/v1alpha2",
            "HTTPRoute",
            "kind HTTPRoute has no version gateway.networking.k8s.io/v1alpha2; write apiVersion: "
            "gateway.networking.k8s.io/v1",
        ),
        (
            "networking.istio.io/v1",
            "HTTPRoute",
            "there is no kind HTTPRoute of networking.istio.io/v1 here; write apiVersion: gateway.networking.k8s.io/v1",
        ),
        (
            "v1",
            "Gateway",
            "there is no kind Gateway of v1 here; write apiVersion: networking.istio.io/v1 or "
            "gateway.networking.k8s.io/v1",
        ),
        ("v1", "Deployment", "there is no kind Deployment of v1 here; write apiVersion: apps/v1"),
        ("example.com/v1", "Thing", "there is no kind Thing of example.com/v1"),
    ],
)
def test_kinds_that_are_not_here(api: str, kind: str, reason: str) -> None:
    """A kind of a later day, an outdated version and a kind that never was are told apart."""
    with pytest.raises(ManifestError, match=reason.replace(".", r"\.")) as caught:
        read(document(kind, "a", api=api, spec={"anything": 1}))
    assert len(caught.value.problems) == 1


def test_endless_problems_are_cut() -> None:
    """An input with more problems than anyone reads is answered with the first of them and how many there are."""
    with pytest.raises(ManifestError) as caught:
        read(document("ServiceAccount", "a") | {f"x{i}": 1 for i in range(150)})
    assert len(caught.value.problems) == 101
    assert caught.value.problems[-1] == "test: and 50 more problems like these"


def test_two_objects_of_one_name() -> None:
    """The same kind and name twice in one input is an error that names both documents."""
    with pytest.raises(ManifestError) as caught:
        read(document("Secret", "a"), document("ServiceAccount", "a"), document("Secret", "a"))
    assert caught.value.problems == ("test: document 3 (Secret prod/a): document 1 has this kind and name too",)


def test_two_gateways_of_one_name() -> None:
    """Istio's and the Gateway API's are two objects; the titles of their problems tell them apart."""
    both = gateway("edge", http("*")), kubernetes_gateway("edge", listens("a"))
    assert len(read(*both)) == 2
    with pytest.raises(ManifestError) as caught:
        read(*({**each, "more": 1} for each in both))
    assert caught.value.problems == (
        "test: document 1 (Gateway prod/edge): more: unknown field",
        "test: document 2 (Gateway.gateway.networking.k8s.io prod/edge): more: unknown field",
    )


def test_lists_are_unrolled() -> None:
    """`kind: List`, as kubectl prints several objects, is the objects in it."""
    items = [document("Namespace", "prod", ""), document("ServiceAccount", "a")]
    listing = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}
    assert [str(item.key) for item in read(listing)] == ["Namespace prod", "ServiceAccount prod/a"]
    with pytest.raises(ManifestError) as caught:
        read({**listing, "items": [items[0], 7, document("Namespace", "B", "")], "extra": 1})
    assert [problem.removeprefix("test: ").rsplit(": ", 1)[0] for problem in caught.value.problems] == [
        "document 1 item 3 (Namespace B): metadata.name",
        "document 1: items[1]",
        "document 1: extra",
    ]


def test_namespaces_are_filled_in_or_refused() -> None:
    """A namespaced object without a namespace is in `default`; a Namespace is in none."""
    (account,) = read(document("ServiceAccount", "a", ""))
    assert ObjectKey("ServiceAccount", "default", "a") == account.key
    assert account.document["metadata"]["namespace"] == "default"
    assert problems(document("Namespace", "prod", "prod")) == ["metadata.namespace: a Namespace is in no namespace"]


def test_what_get_prints_can_be_applied_again() -> None:
    """Status and what a server sets are accepted and dropped, kubectl's copy of the object included."""
    account = document("ServiceAccount", "a", status={"phase": "Active"})
    account["metadata"] |= {
        "uid": "1",
        "resourceVersion": "2",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{}],
        "generation": 3,
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a.io/b": "c"},
    }
    (read_account,) = read(account)
    kept = document("ServiceAccount", "a") | {
        "metadata": {"name": "a", "namespace": "prod", "annotations": {"a.io/b": "c"}}
    }
    assert kept == read_account.document
    assert read_account == parse_document(read_account.document)


def test_labels_and_annotations_are_checked() -> None:
    """Labels are labels and annotations are text; YAML's booleans in them want quotes."""
    account = document("ServiceAccount", "a")
    account["metadata"] |= {"labels": {"x/y/z": "a", "b": True, "c": "d e"}, "annotations": {"a.io/n": 7}}
    assert problems(account) == [
        'metadata.annotations["a.io/n"]: expected text, found 7; put it in quotes',
        'metadata.labels["x/y/z"]: is not a label name: expected NAME or DNS-NAME/NAME, of letters, digits, -, _ and .',
        "metadata.labels.b: expected text, found true; put it in quotes",
        "metadata.labels.c: expected at most 63 letters, digits, -, _ and ., starting and ending with a letter or "
        'digit; found "d e"',
    ]


POLICIES = (
    peer_authentication(
        "a", "STRICT", selector={"matchLabels": {"app": "a"}}, portLevelMtls={"80": {"mode": "DISABLE"}}
    ),
    authorization_policy(
        "a",
        {
            **source(serviceAccounts=["a"], notIpBlocks=["::1"]),
            **operation(paths=["/a/{*}/{**}"], methods=["GET"], ports=["80"], hosts=["a.*"]),
            **when("request.headers[X-A]", "*", notValues=["a"]),
        },
        source(principals=["*"], notNamespaces=["prod-*"], remoteIpBlocks=["10.0.0.0/8"]),
        when("request.auth.claims[a][b]", "c"),
        action="DENY",
        dry_run="true",
    ),
    request_authentication(
        "a",
        jwt_rule(
            fromHeaders=[{"name": "A", "prefix": "b "}], fromParams=["c"], audiences=["d"], forwardOriginalToken=True
        ),
    ),
    destination_rule(
        "a",
        "a",
        "ISTIO_MUTUAL",
        portLevelSettings=[{"port": {"number": 80}, "tls": {"mode": "ISTIO_MUTUAL", "sni": "a"}}],
    ),
)


def test_a_stored_object_reads_as_before() -> None:
    """Every kind survives being stored: its document gives the same object."""
    for item in read(
        document("Namespace", "prod", ""),
        document("Secret", "a", stringData={"x": "y"}),
        document("Service", "a", spec={"ports": [{"port": 80}]}),
        deployment("a"),
        gateway("edge", https("a.example.com"), http("a.example.com", httpsRedirect=True)),
        virtual_service("a", to("a")),
        document("ConfigMap", "a", data={"x": "y"}, binaryData={"z": "eg=="}),
        kubernetes_gateway("edge", terminates("web", "a")),
        http_route("a", sends("a", path("/a"))),
        reference_grant("prod", "certs"),
        *POLICIES,
    ):
        assert item == parse_document(json.loads(json.dumps(item.document)))


def test_a_stored_object_that_is_damaged() -> None:
    """A stored document that cannot be read says which one it is."""
    with pytest.raises(ManifestError, match=r"Namespace x: metadata\.name: required"):
        parse_document({"apiVersion": "v1", "kind": "Namespace", "metadata": {"namespace": "x"}})


def test_titles_are_clean() -> None:
    """What a document claims to be called cannot move the cursor of the terminal that shows the problem."""
    with pytest.raises(ManifestError) as caught:
        parse('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a\\u001b[2J"}}', "-")
    assert "\x1b" not in str(caught.value)


def test_kinds_are_what_they_say() -> None:
    """Each document becomes the class of its kind."""
    assert [Namespace, ServiceAccount] == [
        type(item) for item in read(document("Namespace", "prod", ""), document("ServiceAccount", "a"))
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_TEMPLATES = (
    document("Secret", "a", data={"a": "YQ=="}),
    document("Service", "a", spec={"ports": [{"port": 80, "name": "x"}], "selector": {"a": "b"}}),
    deployment("a", annotations={"proxy.istio.io/config": "{}"}),
    gateway("edge", https("a.example.com")),
    virtual_service("a", to("a", match=[{"uri": {"exact": "/"}}], rewrite={"uri": "/"}, timeout="1s")),
    kubernetes_gateway(
        "edge",
        terminates("web", "a/b", host="a.example.com", options={"x/y": "z"}, allowedRoutes=allowing("Selector", a={})),
        addresses=[{"type": "Hostname", "value": "a"}],
        tls={"frontend": {"default": {"validation": {"caCertificateRefs": [{"name": "a"}]}}}},
    ),
    http_route(
        "a",
        sends("a", {**path("/a"), "headers": [{"name": "a", "value": "b"}]}, timeouts={"request": "1s"}),
        {"matches": [path("/a")], "filters": [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "a"}}}]},
    ),
    reference_grant("prod", "certs/a"),
    *POLICIES,
)


def _replaced(value: Any, place: tuple[int, ...], new: Any) -> Any:
    if not place or not isinstance(value, dict | list) or not value:
        return new
    if isinstance(value, list):
        index = place[0] % len(value)
        return [_replaced(item, place[1:], new) if i == index else item for i, item in enumerate(value)]
    chosen = sorted(value)[place[0] % len(value)]
    return {name: _replaced(item, place[1:], new) if name == chosen else item for name, item in value.items()}


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(_TEMPLATES), st.lists(st.integers(0, 5), min_size=1, max_size=9).map(tuple), _JSON)
def test_any_part_may_be_anything(template: dict[str, Any], place: tuple[int, ...], new: Any) -> None:
    """Whatever stands in place of any part of a document, it is read or refused, never crashed on."""
    changed = _replaced(template, place, new)
    assume(isinstance(changed, dict))
    with suppress(ManifestError):
        parse_document(changed)
