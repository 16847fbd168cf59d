"""Which Secrets a listener resolves to."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.gateway.listeners import listeners_of
from meshtui.gateway.references import Listener, SecretRef, resolve
from meshtui.manifest.secret_readers import SecretReaders
from tests.manifest.test_catalog import catalog, ingress
from tests.manifest.writing import document, gateway, https

FILES = {"serverCertificate": "/etc/a.crt", "privateKey": "/etc/a.key"}
EDGE = "edge"
"""Where the gateway's workload is; its Gateways are in prod."""


def listener(*secrets: dict[str, Any], namespace: str = "prod", **tls: Any) -> Listener:
    """The one listener of a gateway in namespace edge, with a Gateway of another."""
    port = {"number": 443, "name": "https", "protocol": "HTTPS"}
    written = gateway("one", {"port": port, "hosts": ["a.example.com"], "tls": tls})
    written["metadata"]["namespace"] = namespace
    (found,) = listeners_of(catalog(ingress(), written, *secrets))
    return found


def secret(name: str, namespace: str = EDGE) -> dict[str, Any]:
    return document("Secret", name, namespace)


def certificates(**tls: Any) -> list[str]:
    return [str(ref) for ref in listener(**tls).certificates]


@pytest.mark.parametrize("mode", ["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"])
def test_a_bare_name_is_beside_the_gateways_workload(mode: str) -> None:
    """There or not, and not where the Gateway is; the namespace may be written, if it is the right one."""
    assert certificates(mode=mode, credentialName="c") == ["Secret edge/c"]
    assert certificates(mode=mode, credentialName="edge/c") == ["Secret edge/c"]
    assert certificates(mode=mode, credentialName="kubernetes://c") == ["Secret edge/c"]
    assert certificates(mode=mode, credentialNames=["rsa", "kubernetes://edge/ecdsa"]) == [
        "Secret edge/rsa",
        "Secret edge/ecdsa",
    ]
    assert certificates(mode=mode, credentialNames=["c", "edge/c"]) == ["Secret edge/c"]


@pytest.mark.parametrize("mode", ["ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"])
def test_modes_that_present_no_secret(mode: str) -> None:
    """The workload's own certificate, or none."""
    found = listener(mode=mode)
    assert (found.certificates, found.client_ca, found.forbidden, found.mode) == ((), None, (), mode)


def test_what_passes_through_uses_no_secret_that_it_names() -> None:
    """As in Istio, which warns."""
    assert listener(mode="PASSTHROUGH", credentialName="c").certificates == ()


def test_files_are_no_secrets() -> None:
    """Neither the pair nor the CA; a CA that is named beside them is one."""
    found = listener(mode="MUTUAL", **FILES, caCertificates="/etc/ca.crt")
    assert (found.certificates, found.client_ca, found.forbidden) == ((), None, ())
    assert listener(mode="MUTUAL", **FILES, caCertCredentialName="ca").client_ca == SecretRef(EDGE, "ca")


@pytest.mark.parametrize("mode", ["MUTUAL", "OPTIONAL_MUTUAL"])
def test_the_ca_is_in_the_companion_or_in_the_secret_itself(mode: str) -> None:
    """The companion counts as soon as it is there, whatever is in it."""
    assert listener(mode=mode, credentialName="c").client_ca == SecretRef(EDGE, "c")
    assert listener(secret("c-cacert"), mode=mode, credentialName="c").client_ca == SecretRef(EDGE, "c-cacert")
    elsewhere = listener(secret("c-cacert", "prod"), mode=mode, credentialName="c")
    assert elsewhere.client_ca == SecretRef(EDGE, "c")


def test_of_two_credentials_the_first_has_the_ca() -> None:
    """The second one's companion is not looked at."""
    two: dict[str, Any] = {"mode": "MUTUAL", "credentialNames": ["rsa", "ecdsa"]}
    assert listener(secret("ecdsa-cacert"), **two).client_ca == SecretRef(EDGE, "rsa")
    assert listener(secret("rsa-cacert"), **two).client_ca == SecretRef(EDGE, "rsa-cacert")


def test_a_ca_that_is_named_comes_before_all_others() -> None:
    """A Secret, its companion, or a ConfigMap of any namespace."""
    named: dict[str, Any] = {"mode": "MUTUAL", "credentialName": "c", "caCertCredentialName": "clients"}
    assert listener(secret("c-cacert"), **named).client_ca == SecretRef(EDGE, "clients")
    assert listener(secret("clients-cacert"), **named).client_ca == SecretRef(EDGE, "clients-cacert")
    written_out = {**named, "caCertCredentialName": "clients-cacert"}
    assert listener(secret("clients-cacert-cacert"), **written_out).client_ca == SecretRef(EDGE, "clients-cacert")
    config_map = listener(**{**named, "caCertCredentialName": "configmap://other/clients"})
    assert (config_map.client_ca, config_map.forbidden) == (SecretRef("other", "clients", "ConfigMap"), ())


def test_no_ca_where_clients_are_not_asked() -> None:
    """Even if one is named."""
    assert listener(secret("c-cacert"), mode="SIMPLE", credentialName="c", caCertCredentialName="ca").client_ca is None


@pytest.mark.parametrize("scheme", ["", "kubernetes://", "kubernetes-gateway://"])
def test_secrets_of_other_namespaces_are_not_read(scheme: str) -> None:
    """Said once for a Secret with both pair and CA, and what may be read is read all the same."""
    found = listener(mode="MUTUAL", credentialNames=[f"{scheme}prod/c", "own"])
    assert (found.certificates, found.client_ca) == ((SecretRef(EDGE, "own"),), None)
    (forbidden,) = found.forbidden
    assert forbidden.ref == SecretRef("prod", "c")
    assert forbidden.reason == "a gateway in namespace edge may not read a Secret of namespace prod"
    assert forbidden.fix == "Copy the Secret to namespace edge and write its bare name."


def test_the_companion_of_a_forbidden_secret_is_forbidden() -> None:
    """It is in that namespace too."""
    found = listener(secret("c-cacert", "prod"), mode="MUTUAL", credentialName="prod/c")
    assert [str(each.ref) for each in found.forbidden] == ["Secret prod/c", "Secret prod/c-cacert"]
    assert (found.certificates, found.client_ca) == ((), None)


def test_a_gateway_scheme_is_for_gateways_beside_their_workload() -> None:
    """kubernetes-gateway:// is not followed for a Gateway of another namespace, though the bare name would be."""
    name = "kubernetes-gateway://edge/c"
    (forbidden,) = listener(mode="SIMPLE", credentialName=name).forbidden
    assert forbidden.reason == "kubernetes-gateway:// is followed only for a Gateway in namespace edge, not in prod"
    assert forbidden.fix == "Write the bare name: c."
    beside = listener(namespace=EDGE, mode="SIMPLE", credentialName=name)
    assert (beside.certificates, beside.forbidden) == ((SecretRef(EDGE, "c"),), ())


def test_a_ca_that_may_not_be_read_leaves_the_certificate_alone() -> None:
    """Also where both are in one Secret, named in two ways."""
    found = listener(mode="MUTUAL", credentialName="c", caCertCredentialName="kubernetes-gateway://edge/c")
    assert (found.certificates, found.client_ca) == ((SecretRef(EDGE, "c"),), None)
    assert [str(each.ref) for each in found.forbidden] == ["Secret edge/c"]


def unreadable(name: str = "c", mode: str = "SIMPLE", fix: str = "") -> Listener:
    """Of a gateway whose service account, `default`, is refused."""
    port = {"number": 443, "name": "https", "protocol": "HTTPS"}
    tls = {"mode": mode, "credentialName": name}
    (binding,) = catalog(ingress(), gateway("one", {"port": port, "hosts": ["*"], "tls": tls})).bindings()
    return resolve(binding, lambda _: False, readers=SecretReaders({(EDGE, "default"): fix}))


def test_a_service_account_that_may_not_read_secrets_gets_none() -> None:
    """The fix is what lets it: in a cluster a Role and its binding, elsewhere what `readers` says."""
    found = unreadable()
    assert found.certificates == ()
    (forbidden,) = found.forbidden
    assert forbidden.ref == SecretRef(EDGE, "c")
    assert forbidden.reason == "the gateway's service account edge/default may not read the Secrets of its namespace"
    assert forbidden.fix == (
        "Let it: kubectl create role default-secrets -n edge --verb=get,list,watch --resource=secrets"
        " && kubectl create rolebinding default-secrets -n edge --role=default-secrets --serviceaccount=edge:default"
    )
    assert unreadable(fix="ask her").forbidden[0].fix == "Let it: ask her"


def test_other_service_accounts_may_read_secrets() -> None:
    """Those of another name, or of another namespace, and everybody where nothing is said."""
    (binding,) = catalog(ingress(), gateway("one", https("*"))).bindings()
    for refused in ({}, {(EDGE, "other"): ""}, {("prod", "default"): ""}):
        found = resolve(binding, lambda _: False, readers=SecretReaders(refused))
        assert (found.certificates, found.forbidden) == ((SecretRef(EDGE, "credential"),), ())


def test_a_ca_needs_no_permission_to_read_secrets() -> None:
    """Istio does not ask about names that end as a CA's do, nor about the CA part of a Secret."""
    found = unreadable(mode="MUTUAL")
    assert (found.certificates, found.client_ca) == ((), SecretRef(EDGE, "c"))
    assert unreadable("c-cacert").certificates == (SecretRef(EDGE, "c-cacert"),)


def test_targets_and_names() -> None:
    """As a person writes them."""
    assert SecretRef("edge", "c").target == "gateway/edge/c"
    assert str(SecretRef("edge", "c", "ConfigMap")) == "ConfigMap edge/c"
