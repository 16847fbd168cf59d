"""Under which names Istio reads what is in a Secret."""

from __future__ import annotations

import pytest

from meshtui.manifest.model import Metadata, Secret
from meshtui.manifest.secret_data import key_pair, ocsp_staple, revoked, trusted_ca

GENERIC = {"cert": b"cert", "key": b"key"}
TLS = {"tls.crt": b"tls.crt", "tls.key": b"tls.key"}


def secret(*parts: dict[str, bytes]) -> Secret:
    data = {name: value for part in parts for name, value in part.items()}
    return Secret(metadata=Metadata(name="a", namespace="b"), data=data)


def test_a_key_pair_has_widgets() -> None:
    """`cert` and `key` win over `tls.crt` and `tls.key`; neither half counts without the other."""
    assert key_pair(secret(GENERIC, TLS)) == (b"cert", b"key")
    assert key_pair(secret({"cert": b"cert", "key": b""}, TLS)) == (b"tls.crt", b"tls.key")
    assert key_pair(secret({"cert": b"cert", "tls.key": b"tls.key"})) is None


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"cacert": b"1", "crl": b"2", "ca.crt": b"3", "ca.crl": b"4"}, (b"1", b"2")),
        ({"ca.crt": b"3", "ca.crl": b"4", "crl": b"2"}, (b"3", b"4")),
        ({"cacert": b"", "ca.crt": b"3"}, (b"3", None)),
        ({"cacert": b"1", "ca.crl": b"4"}, (b"1", None)),
        ({"ca.crl": b"4"}, (None, b"4")),
    ],
)
def test_a_revocation_list_stands_beside_its_ca(
    data: dict[str, bytes], found: tuple[bytes | None, bytes | None]
) -> None:
    """`crl` belongs to `cacert` and `ca.crl` to `ca.crt`, never across."""
    assert (trusted_ca(secret(data)), revoked(secret(data))) == found


def test_a_staple_belongs_to_the_pair_that_is_presented() -> None:
    """It is about `tls.crt`, so it counts only where that is presented."""
    staple = {"tls.ocsp-staple": b"staple"}
    assert ocsp_staple(secret(TLS, staple)) == b"staple"
    assert ocsp_staple(secret(GENERIC, TLS, staple)) is None
    assert ocsp_staple(secret(staple)) is None
    assert ocsp_staple(secret(TLS)) is None
