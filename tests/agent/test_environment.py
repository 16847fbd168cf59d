"""Which flag and which variable of istio-agent make which option, and what is said of those that are wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from meshtui.agent.environment import read_options
from meshtui.agent.options import KEY_KINDS, AgentOptions
from meshtui.errors import UsageError
from meshtui.identity.keys import describe_key, new_key
from tests.identity.forge import HTTPBIN

FLAGS = {
    "ca": "127.0.0.1:15012",
    "ca-root": "root.pem",
    "token-file": "token",
    "identity": HTTPBIN,
    "sds-socket": "/run/agent/sds",
}


def options(flags: dict[str, str | None] | None = None, **environment: str) -> AgentOptions:
    return read_options(FLAGS | (flags or {}), environment)


def test_flags_alone_are_enough() -> None:
    """What the contract names, and Istio's defaults for the rest but for the key."""
    read = options()
    assert read == AgentOptions(
        ca="127.0.0.1:15012",
        ca_root=Path("root.pem"),
        identity=read.identity,
        sds_socket=Path("/run/agent/sds"),
        token_file=Path("token"),
    )
    assert str(read.identity) == HTTPBIN
    assert (read.ttl, read.rotate_at, read.jitter) == (timedelta(hours=24), 0.5, 0.01)
    assert (read.key_kind, read.metrics_port) == ("EC P-256", None)


def test_istio_agents_variables_alone_are_enough() -> None:
    """All but the two paths that istio-agent has fixed."""
    read = read_options(
        {"token-file": "token", "sds-socket": "/run/sds"},
        {
            "CA_ADDR": "istiod.istio-system.svc:15012",
            "CA_ROOT_CA": "/etc/root.pem",
            "ISTIOD_SAN": "istiod.example.com",
            "TRUST_DOMAIN": "example.org",
            "POD_NAMESPACE": "prod",
            "SERVICE_ACCOUNT": "api",
            "SECRET_TTL": "1h0m0s",
            "SECRET_GRACE_PERIOD_RATIO": "0.2",
            "SECRET_GRACE_PERIOD_RATIO_JITTER": "0.05",
            "ECC_SIGNATURE_ALGORITHM": "ECDSA",
            "ECC_CURVE": "P384",
            "OUTPUT_CERTS": "/out",
            "PROV_CERT": "/prov",
        },
    )
    assert (read.ca, read.ca_root, read.ca_server_name) == (
        "istiod.istio-system.svc:15012",
        Path("/etc/root.pem"),
        "istiod.example.com",
    )
    assert str(read.identity) == "spiffe://example.org/ns/prod/sa/api"
    assert (read.ttl, read.jitter) == (timedelta(hours=1), 0.05)
    assert read.rotate_at == pytest.approx(0.8)
    assert (read.key_kind, read.output_certs, read.provisioned_certs) == ("EC P-384", Path("/out"), Path("/prov"))


def test_a_flag_wins_over_the_environment() -> None:
    """And a variable that is set to nothing is not set."""
    flags: dict[str, str | None] = {"ttl": "2h", "rotate-at": "0.6", "key": "RSA 2048"}
    read = options(flags, SECRET_TTL="9h", CA_ADDR="x:1", OUTPUT_CERTS="")
    assert (read.ttl, read.rotate_at, read.key_kind) == (timedelta(hours=2), 0.6, "RSA 2048")
    assert (read.ca, read.output_certs) == ("127.0.0.1:15012", None)
    both = options({"rotate-at": "0.6"}, SECRET_GRACE_PERIOD_RATIO="0.9")
    assert both.rotate_at == 0.6


def test_the_identity_flag_wins_whole() -> None:
    """No part of another name is mixed into it."""
    read = options(TRUST_DOMAIN="other.org", POD_NAMESPACE="a", SERVICE_ACCOUNT="b")
    assert str(read.identity) == HTTPBIN


def test_roots_may_be_the_systems_or_the_provisioned_ones() -> None:
    """SYSTEM is a word, not a file; without any word the provisioned directory has them, as for istio-agent."""
    assert options({"ca-root": "SYSTEM"}).ca_root is None
    assert options({"ca-root": None, "provisioned-certs": "/prov"}).ca_root == Path("/prov/root-cert.pem")


def test_an_rsa_size_asks_for_rsa() -> None:
    """istio-agent's variable for it counts, unless an elliptic curve is asked for."""
    assert options(WORKLOAD_RSA_KEY_SIZE="4096").key_kind == "RSA 4096"
    assert options(WORKLOAD_RSA_KEY_SIZE="4096", ECC_SIGNATURE_ALGORITHM="ECDSA").key_kind == "EC P-256"


@pytest.mark.parametrize("kind", [kind for kind in KEY_KINDS if not kind.startswith("RSA")] + ["RSA 2048"])
def test_kinds_of_keys_can_be_made(kind: str) -> None:
    """What the option takes, the agent makes."""
    assert describe_key(new_key(options({"key": kind}).key_kind).public_key()) == kind


@pytest.mark.parametrize(
    ("flags", "environment", "says"),
    [
        ({"ca": None}, {}, "--ca is missing. Give --ca or set CA_ADDR."),
        ({"ca": "host"}, {}, "--ca: 'host' is not an address."),
        ({"ca": "https://host:15012"}, {}, "without a scheme"),
        ({"ca": "host:0"}, {}, "is not an address"),
        ({"ca": "host:65536"}, {}, "is not an address"),
        ({"ca": "two words:1"}, {}, "is not an address"),
        ({"ca": None}, {"CA_ADDR": "host"}, "CA_ADDR: 'host' is not an address."),
        ({"ca-mtls": "15013"}, {}, "--ca-mtls: '15013' is not an address."),
        ({"ca-root": None}, {}, "--ca-root is missing."),
        ({"token-file": None}, {}, "nothing to show"),
        ({"token-file": ""}, {}, "--token-file is empty."),
        ({"identity": None}, {}, "--identity is missing."),
        ({"identity": None}, {"POD_NAMESPACE": "prod"}, "--identity is missing."),
        ({"identity": "prod/httpbin"}, {}, "--identity: 'prod/httpbin' is not a SPIFFE ID."),
        ({"identity": None}, {"POD_NAMESPACE": "a/b", "SERVICE_ACCOUNT": "c"}, "'a/b' cannot stand"),
        ({"identity": None}, {"POD_NAMESPACE": "a", "SERVICE_ACCOUNT": "c", "TRUST_DOMAIN": "X"}, "trust domain"),
        ({"sds-socket": None}, {}, "--sds-socket is missing."),
        ({"sds-socket": "/" + "x" * 107}, {}, "has 108 bytes"),
        ({"ttl": "24"}, {}, "--ttl: '24' is not a duration."),
        ({"ttl": "999ms"}, {}, "too short"),
        ({}, {"SECRET_TTL": "soon"}, "SECRET_TTL: 'soon' is not a duration."),
        ({"rotate-at": "half"}, {}, "--rotate-at: 'half' is not a share."),
        ({"rotate-at": "nan"}, {}, "is not a share"),
        ({"rotate-at": "0.95"}, {}, "--rotate-at: 0.95 is out of range."),
        ({}, {"SECRET_GRACE_PERIOD_RATIO": "0"}, "SECRET_GRACE_PERIOD_RATIO: 0 is out of range."),
        ({}, {"SECRET_GRACE_PERIOD_RATIO_JITTER": "0.5"}, "SECRET_GRACE_PERIOD_RATIO_JITTER: 0.5 is too much"),
        ({"jitter": "-0.1"}, {}, "is not a share"),
        ({"key": "Ed25519"}, {}, "--key: 'Ed25519' is not a kind of key."),
        ({}, {"ECC_SIGNATURE_ALGORITHM": "RSA"}, "ECC_SIGNATURE_ALGORITHM: 'RSA' is not known."),
        ({}, {"WORKLOAD_RSA_KEY_SIZE": "1024"}, "WORKLOAD_RSA_KEY_SIZE: '1024' is not known."),
        ({"metrics-port": "65536"}, {}, "--metrics-port: '65536' is not a port."),
        ({"metrics-port": "²"}, {}, "is not a port"),
    ],
)
def test_what_is_wrong_is_named_where_it_was_said(
    flags: dict[str, str | None], environment: dict[str, str], says: str
) -> None:
    """One sentence with the flag or the variable and the value."""
    with pytest.raises(UsageError) as caught:
        options(flags, **environment)
    assert says in str(caught.value)
