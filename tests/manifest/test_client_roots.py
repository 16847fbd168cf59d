"""CAs of clients, and their revocation lists, that Envoy would refuse."""

from __future__ import annotations

import pytest

from meshtui.manifest.client_roots import roots_problem
from tests.identity import forge
from tests.manifest.secrets import secret
from tests.manifest.writing import document, read

ROOT = forge.ca("root")
LIST = forge.revocation_list(ROOT)
DAMAGED = "-----BEGIN {}-----\nAAAA\n-----END {}-----\n"


def problem(**data: str) -> str:
    (found,) = read(secret("a", {name.replace("_", "."): value for name, value in data.items()}))
    return roots_problem(found)


@pytest.mark.parametrize(
    "data",
    [
        {"ca_crt": ROOT.pem},
        {"cacert": f"my root\n{ROOT.pem}{ROOT.pem}", "crl": LIST},
        {"ca_crt": ROOT.pem + LIST, "ca_crl": LIST + LIST},
        {"cacert": ROOT.pem, "ca_crl": "of another CA, so not looked at"},
        {"tls_crt": "no CA"},
        {},
    ],
)
def test_what_envoy_takes(data: dict[str, str]) -> None:
    """Several roots, lists among them or beside them, text around them; or no CA at all."""
    assert problem(**data) == ""


def test_other_kinds_have_no_ca() -> None:
    """They are not looked into."""
    (found,) = read(document("ServiceAccount", "a"))
    assert roots_problem(found) == ""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"ca_crt": "none"}, "its CA certificates cannot be read: There is no PEM certificate."),
        ({"ca_crt": LIST}, "its CA certificates cannot be read: There is no PEM certificate."),
        (
            {"cacert": ROOT.pem + DAMAGED.format("CERTIFICATE", "CERTIFICATE")},
            "its CA certificates cannot be read: PEM block 2 is damaged: ",
        ),
        (
            {"ca_crt": f"-----BEGIN CERTIFICATE-----\n{ROOT.pem}"},
            "its CA certificates cannot be read: PEM block 1 is damaged: its END line is missing.",
        ),
        (
            {"ca_crt": ROOT.pem, "ca_crl": "none"},
            "its revocation lists cannot be read: There is no PEM revocation list.",
        ),
        ({"ca_crt": ROOT.pem, "ca_crl": ROOT.pem}, "its revocation lists cannot be read: There is no PEM revocation"),
        (
            {"cacert": ROOT.pem, "crl": LIST + DAMAGED.format("X509 CRL", "X509 CRL")},
            "its revocation lists cannot be read: PEM block 2 is damaged: it cannot be decoded: ",
        ),
    ],
)
def test_what_it_would_refuse(data: dict[str, str], reason: str) -> None:
    """One damaged block spoils all others; and a list that is none would let nobody in."""
    assert problem(**data).startswith(f"Secret istio-system/a: {reason}")
