"""What listeners of the Gateway API resolve to: their references, and the grants that those need."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshtui.gateway.credential import credentials_of
from meshtui.gateway.listeners import listeners_of
from meshtui.gateway.references import Forbidden, Listener, SecretRef
from meshtui.manifest.catalog import Catalog
from tests.manifest.api_writing import kubernetes_gateway, listens, reference, reference_grant, terminates
from tests.manifest.writing import deployment, document, read

NAME = "gateway.networking.k8s.io/gateway-name"
MUTUAL = {"gateway.istio.io/tls-terminate-mode": "MUTUAL"}
NAMESPACES = [document("Namespace", name, "") for name in ("prod", "edge", "certs")]


def gateway_workload(namespace: str, **labels: str) -> dict[str, Any]:
    labels = {"app": "in", "sidecar.istio.io/inject": "true", **labels}
    return deployment("in", labels, annotations={"inject.istio.io/templates": "gateway"}, namespace=namespace)


WORKLOAD = gateway_workload("edge", **{NAME: "web"})


def web(*listeners: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return kubernetes_gateway("web", *listeners, namespace="edge", **spec)


def mesh(*documents: dict[str, Any]) -> Catalog:
    return Catalog.of(read(*NAMESPACES, *documents))


def one(*documents: dict[str, Any], workload: dict[str, Any] = WORKLOAD) -> Listener:
    (found,) = listeners_of(mesh(workload, *documents))
    return found


def test_secrets_are_beside_the_gateway() -> None:
    """A name alone is a Secret of the Gateway's own namespace; of two, both are presented."""
    found = one(web(terminates("a", "rsa", "ecdsa")))
    assert found.certificates == (SecretRef("edge", "rsa"), SecretRef("edge", "ecdsa"))
    assert (found.mode, found.client_ca, found.forbidden) == ("SIMPLE", None, ())


def test_a_secret_of_another_namespace_needs_a_grant() -> None:
    """Without it there is no certificate, and the fix is the grant itself; with it the Secret is used where it is."""
    gateway = web(terminates("a", "certs/one"))
    refused = one(gateway)
    assert refused.certificates == ()
    (forbidden,) = refused.forbidden
    assert forbidden.ref == SecretRef("certs", "one")
    assert forbidden.reason == "no ReferenceGrant in namespace certs lets Gateways of edge refer to it"
    proposed = json.loads(forbidden.fix.partition("echo '")[2].partition("'")[0])
    for grant in (proposed, reference_grant("edge", "certs"), reference_grant("edge", "certs/one")):
        granted = one(gateway, grant)
        assert (granted.certificates, granted.forbidden) == ((SecretRef("certs", "one"),), ())
    assert one(gateway, reference_grant("edge", "certs/two")).certificates == ()
    assert one(gateway, reference_grant("prod", "certs")).certificates == ()


def test_one_certificate_of_two_may_be_forbidden() -> None:
    """The other one is presented all the same, as in Istio."""
    found = one(web(terminates("a", "certs/one", "two")))
    assert found.certificates == (SecretRef("edge", "two"),)
    assert [each.ref for each in found.forbidden] == [SecretRef("certs", "one")]


def test_the_target_of_a_secret_is_in_its_own_namespace() -> None:
    """Who refers to it is the Gateway; without a grant nobody does."""
    secret = document("Secret", "one", "certs", type="kubernetes.io/tls")
    gateway = web(terminates("a", "certs/one", host="a.example.com"))
    (granted,) = credentials_of(mesh(WORKLOAD, secret, gateway, reference_grant("edge", "certs")))
    assert granted.target == "gateway/certs/one"
    assert [str(key) for key in granted.gateways] == ["Gateway.gateway.networking.k8s.io edge/web"]
    assert (granted.hosts, granted.tls_mode, granted.workloads) == (
        ("a.example.com",),
        "SIMPLE",
        ("workload/edge/in",),
    )
    (alone,) = credentials_of(mesh(WORKLOAD, secret, gateway))
    assert (alone.gateways, alone.workloads) == ((), ())


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_the_ca_of_clients(kind: str) -> None:
    """`spec.tls.frontend` names a ConfigMap or Secret, which needs a grant in another namespace as well."""
    refs = [reference("certs/clients", kind=kind, group="")]
    gateway = web(terminates("a", "one"), tls={"frontend": {"default": {"validation": {"caCertificateRefs": refs}}}})
    ca = SecretRef("certs", "clients", kind)
    refused = one(gateway)
    assert (refused.mode, refused.client_ca, [each.ref for each in refused.forbidden]) == ("MUTUAL", None, [ca])
    other = "Secret" if kind == "ConfigMap" else "ConfigMap"
    assert one(gateway, reference_grant("edge", "certs", kinds=("Gateway", other))).client_ca is None
    assert one(gateway, reference_grant("edge", "certs", kinds=("Gateway", kind))).client_ca == ca


def test_with_istios_option_the_ca_is_beside_the_certificate() -> None:
    """`NAME-cacert` where there is one, else the Secret itself."""
    gateway = web(terminates("a", "one", options=MUTUAL))
    assert one(gateway).client_ca == SecretRef("edge", "one")
    companion = document("Secret", "one-cacert", "edge")
    assert one(gateway, companion).client_ca == SecretRef("edge", "one-cacert")


def test_a_workload_of_another_namespace_is_granted_no_more_than_gateways_beside_it() -> None:
    """With a manual deployment elsewhere both namespaces are asked, as in Istio: keys leave only when granted."""
    addresses = [{"type": "Hostname", "value": "in.prod.svc.cluster.local"}]
    service = document("Service", "in", "prod", spec={"ports": [{"port": 443}], "selector": {"app": "in"}})
    gateway, workload = web(terminates("a", "one"), addresses=addresses), gateway_workload("prod")
    refused = one(gateway, service, workload=workload)
    assert refused.certificates == ()
    assert refused.forbidden[0].reason == "no ReferenceGrant in namespace edge lets Gateways of prod refer to it"
    granted = one(gateway, service, reference_grant("prod", "edge"), workload=workload)
    assert granted.certificates == (SecretRef("edge", "one"),)


def test_what_presents_no_secret_resolves_to_none() -> None:
    """Plain HTTP, connections that pass through, and the workload's own certificate."""
    own = {"gateway.istio.io/tls-terminate-mode": "ISTIO_MUTUAL"}
    for listener in (listens("a"), listens("a", "TLS", tls={"mode": "Passthrough"}), terminates("a", options=own)):
        found = one(web(listener))
        assert (found.certificates, found.client_ca, found.forbidden) == ((), None, ())


def test_what_is_forbidden_is_a_value_that_explains_itself() -> None:
    """The same reference from two listeners is refused in the same words."""
    found = listeners_of(mesh(WORKLOAD, web(terminates("a", "certs/one"), terminates("b", "certs/one", port=8443))))
    assert found[0].forbidden == found[1].forbidden
    assert isinstance(found[0].forbidden[0], Forbidden)
