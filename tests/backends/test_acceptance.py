"""What the embedded mesh refuses before anything is changed."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.backends.embedded.acceptance import problems_of, warnings_of
from meshtui.manifest.catalog import Catalog
from tests.identity import forge
from tests.manifest.policy_writing import authorization_policy, source
from tests.manifest.secrets import secret, tls_secret
from tests.manifest.test_catalog import catalog, ingress
from tests.manifest.writing import deployment, document, gateway, https, read

ROOT = forge.ca("root")
PAIR = forge.server(ROOT, "a.example.com")


def problems(*documents: dict[str, Any]) -> tuple[str, ...]:
    return problems_when_added(Catalog(), *documents)


def problems_when_added(known: Catalog, *documents: dict[str, Any]) -> tuple[str, ...]:
    objects = read(*documents)
    return problems_of(objects, known.apply(objects))


def test_what_is_right_is_taken() -> None:
    """Beside what is there already."""
    known = Catalog.of(read(document("Namespace", "istio-system", ""), document("Namespace", "prod", "")))
    objects = read(tls_secret("c", PAIR, {"ca.crt": ROOT.pem}), gateway("edge", https("a.example.com", credential="c")))
    assert problems_of(objects, known.apply(objects)) == ()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (document("Secret", "a"), "Secret prod/a: metadata.namespace: there is no namespace prod; apply a Namespace"),
        (tls_secret("c", PAIR, key_of=ROOT), "Secret istio-system/c: its private key does not match its certificate"),
        (secret("c", {"ca.crt": "none"}), "Secret istio-system/c: its CA certificates cannot be read: There is no PEM"),
        (
            gateway("edge", https("a.example.com", mode="PASSTHROUGH")),
            "Gateway prod/edge: spec.servers[0].tls.mode: PASSTHROUGH is valid in Istio but not supported here: ",
        ),
    ],
)
def test_what_is_refused(written: dict[str, Any], reason: str) -> None:
    """What does not fit in, what Envoy would refuse, and what it cannot do."""
    namespaces = [document("Namespace", "istio-system", "")]
    if reason.startswith("Gateway"):
        namespaces.append(document("Namespace", "prod", ""))
    (problem,) = problems(*namespaces, written)
    assert problem.startswith(reason)


def test_a_reference_that_may_not_be_followed_is_warned_of() -> None:
    """It is accepted, as by Istio, but said once, with what to write instead."""
    far = gateway("far", https("a.example.com", credential="prod/c"), https("b.example.com", credential="c", name="b"))
    assert warnings_of(catalog(ingress(), far), "mesh.example") == (
        "Gateway prod/far: a gateway in namespace edge may not read a Secret of namespace prod. "
        "Copy the Secret to namespace edge and write its bare name.",
    )
    assert warnings_of(catalog(far), "mesh.example") == (
        "Gateway prod/far: no gateway workload has the labels of its selector",
    )


def test_a_policy_that_sidecars_cannot_enforce_is_refused() -> None:
    """Whichever of the two comes later, the policy or the sidecar."""
    namespace = document("Namespace", "prod", "")
    policy = authorization_policy("p", source(ipBlocks=["10.0.0.0/8"]))
    sidecar = deployment("a", {"app": "a", "sidecar.istio.io/inject": "true"})
    known = Catalog.of(read(namespace))
    for first, second in ((policy, sidecar), (sidecar, policy)):
        assert problems_when_added(known, first) == ()
        (problem,) = problems_when_added(known.apply(read(first)), second)
        assert problem.startswith("AuthorizationPolicy prod/p: spec.rules[0].from[0].source.ipBlocks: ")


def test_policies_are_warned_of() -> None:
    """What has no effect is accepted and said."""
    assert warnings_of(catalog(authorization_policy("p", action="DENY")), "mesh.example") == (
        "AuthorizationPolicy prod/p: DENY without rules matches no request",
    )
