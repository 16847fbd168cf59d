"""Namespace, ServiceAccount, Service and Secret."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from meshtui.manifest.api_model import ConfigMap
from meshtui.manifest.model import Metadata, Secret, Service, ServiceAccount, ServicePort
from meshtui.manifest.secret_data import trusted_ca
from tests.manifest.writing import document, problems, read


def secret(**fields: Any) -> Secret:
    (found,) = read(document("Secret", "a", **fields))
    assert isinstance(found, Secret)
    return found


def service(**spec: Any) -> dict[str, Any]:
    return document("Service", "a", spec=spec)


def test_a_service_account_may_read_secrets_unless_it_says_otherwise() -> None:
    """The annotation has one value; any other is a problem and not a permission."""
    account = document("ServiceAccount", "a")
    assert read(account)[0] == ServiceAccount(metadata=Metadata(name="a", namespace="prod"), document=account)
    account["metadata"]["annotations"] = {"meshtui.io/secrets": "none"}
    (found,) = read(account)
    assert isinstance(found, ServiceAccount)
    assert not found.reads_secrets
    account["metadata"]["annotations"] = {"meshtui.io/secrets": "all"}
    assert problems(account) == ['metadata.annotations["meshtui.io/secrets"]: expected none; found "all"']


def test_a_service_is_ports_and_a_selector() -> None:
    """A target port may be a number or a name, and is the port itself when it is not written."""
    ports = [
        {"name": "a", "port": 80, "protocol": "TCP", "nodePort": 30080},
        {"name": "b", "port": 81, "targetPort": "web"},
        {"name": "c", "port": 82, "targetPort": 8082, "appProtocol": "http"},
    ]
    (found,) = read(service(ports=ports, selector={"app": "a"}, type="LoadBalancer", clusterIP="None"))
    assert isinstance(found, Service)
    assert found.selector == {"app": "a"}
    assert [
        ServicePort(name="a", port=80, target_port=80),
        ServicePort(name="b", port=81, target_port="web"),
        ServicePort(name="c", port=82, target_port=8082),
    ] == list(found.ports)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({}, "spec.ports: required, and missing"),
        ({"ports": []}, "spec.ports: must not be empty"),
        ({"ports": [{"port": 0}]}, "spec.ports[0].port: expected a whole number from 1 to 65535, found 0"),
        ({"ports": [{"port": True}]}, "spec.ports[0].port: expected a whole number from 1 to 65535, found true"),
        ({"ports": [{"port": "80"}]}, 'spec.ports[0].port: expected a whole number from 1 to 65535, found "80"'),
        ({"ports": [{"port": 80}, {"port": 81}]}, "spec.ports: each of several ports needs a name"),
        (
            {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]},
            "spec.ports: two ports have one name",
        ),
        (
            {"ports": [{"port": 80, "protocol": "UDP"}]},
            "spec.ports[0].protocol: UDP is valid elsewhere but not supported here; use TCP",
        ),
        (
            {"ports": [{"port": 80}], "type": "ExternalName"},
            "spec.type: ExternalName is valid elsewhere but not supported here; "
            "use ClusterIP or NodePort or LoadBalancer",
        ),
        ({"ports": [{"port": 80}], "externalName": "x"}, "spec.externalName: valid elsewhere but not supported here"),
        ({"ports": [{"port": 80}], "selector": ["a"]}, "spec.selector: expected an object, found a list"),
    ],
)
def test_services_that_are_refused(spec: dict[str, Any], reason: str) -> None:
    """What a Service cannot be here is told with the field that says so."""
    assert [reason] == problems(service(**spec))


def test_a_secrets_data_is_decoded_and_kept_as_base64() -> None:
    """`data` is base64, `stringData` text that wins over it; what is stored has `data` alone."""
    found = secret(data={"a": "YQ==\n", "b": "Yg=="}, stringData={"b": "c", "e": ""})
    assert found.data == {"a": b"a", "b": b"c", "e": b""}
    assert "stringData" not in found.document
    assert found.document["data"] == {"a": "YQ==", "b": "Yw==", "e": ""}


def test_nothing_secret_is_shown() -> None:
    """Neither the object's own text nor the messages about it contain what it holds."""
    assert "hunter2" not in repr(secret(stringData={"password": "hunter2"}))
    assert problems(document("Secret", "a", data={"a": "hunter2!", "b": ["hunter2"]})) == [
        "data.a: not base64 (the value is not shown)",
        "data.b: expected text (the value is not shown)",
    ]


@pytest.mark.parametrize("missing", ["tls.crt", "tls.key"])
def test_a_tls_secret_has_both_halves_or_neither(missing: str) -> None:
    """Empty TLS Secrets wait to be issued; half of a key pair is a mistake."""
    empty = secret(type="kubernetes.io/tls", data={"tls.crt": "", "tls.key": ""})
    assert not any(empty.data.values())
    assert secret(type="kubernetes.io/tls").data == {}
    given = {"tls.crt": "YQ==", "tls.key": "YQ==", missing: ""}
    assert problems(document("Secret", "a", type="kubernetes.io/tls", data=given)) == [
        f"data: {missing} is missing; a TLS Secret has both halves of its key pair, or neither"
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": "kubernetes.io/dockerconfigjson"}, "type: kubernetes.io/dockerconfigjson is valid elsewhere but not"),
        ({"type": "mine"}, "type: expected one of Opaque, kubernetes.io/tls"),
        ({"immutable": True}, "immutable: valid elsewhere but not supported here: it could not be rotated"),
        ({"data": {"../a": ""}}, 'data["../a"]: is not a key'),
        ({"data": {"a": base64.b64encode(bytes(1024 * 1024 + 1)).decode()}}, "data: holds more than 1048576 bytes"),
    ],
)
def test_secrets_that_are_refused(fields: dict[str, Any], reason: str) -> None:
    """Types, keys and sizes that a Secret cannot have here."""
    (problem,) = problems(document("Secret", "a", **fields))
    assert problem.startswith(reason)


def test_a_config_map_holds_text_and_bytes() -> None:
    """`data` is text and `binaryData` base64; it is stored as it was written, and has no spec."""
    written = document("ConfigMap", "a", data={"ca.crt": "pem"}, binaryData={"b": "Yg=="})
    (found,) = read(written)
    assert isinstance(found, ConfigMap)
    assert found.data == {"ca.crt": b"pem", "b": b"b"}
    assert found.document == written
    assert trusted_ca(found) == b"pem"
    assert problems(document("ConfigMap", "a", data={"a/b": "c"}, immutable=True, spec={})) == [
        "immutable: valid elsewhere but not supported here: it could not be changed",
        'data["a/b"]: is not a key: expected letters, digits, -, _ and .',
        "spec: unknown field",
    ]
