"""CSRs prove a key. Everything else about them is suspect."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshtui.errors import IdentityError
from meshtui.identity.csr import make_csr, read_csr
from meshtui.identity.keys import key_pem, new_key, public_key_sha256
from meshtui.identity.spiffe import SpiffeId
from tests.ca.forged_csr import tlv
from tests.identity.forge import HTTPBIN

KEY = new_key()
GOOD = make_csr(KEY, SpiffeId.parse(HTTPBIN), ["httpbin.example.com"])


def _pem(der: bytes, label: str = "CERTIFICATE REQUEST") -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n"


def _der(pem: str) -> bytes:
    return x509.load_pem_x509_csr(pem.encode()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("kind", ["EC P-256", "EC P-384", "RSA 2048"])
def test_our_own_requests_are_read(kind: str) -> None:
    """What an agent sends is what the CA reads: the key, and the names as a wish."""
    key = new_key(kind)
    read = read_csr(make_csr(key, SpiffeId.parse(HTTPBIN)))
    assert read.public_key_sha256 == public_key_sha256(key.public_key())
    assert read.requested_names == (HTTPBIN,)


def test_the_san_is_critical_and_the_subject_empty() -> None:
    """A request names nobody in its subject (RFC 5280, 4.1.2.6 makes the SAN critical then)."""
    request = x509.load_pem_x509_csr(GOOD.encode())
    assert not list(request.subject)
    assert request.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_istio_agents_requests_are_read() -> None:
    """The empty organisation in the subject of pilot-agent's requests does no harm."""
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "", _validate=False)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(KEY, hashes.SHA256())
    assert read_csr(request.public_bytes(Encoding.PEM).decode()).requested_names == ()


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "hello",
        GOOD + GOOD,
        GOOD + "trailing",
        "leading\n" + GOOD,
        GOOD.replace("REQUEST", "REQUESTS"),
        GOOD[:200],
        _pem(_der(GOOD)[:-10]),
        _pem(_der(GOOD) + b"\x00"),
        _pem(_der(GOOD), "CERTIFICATE"),
        _pem(_der(GOOD)[:-1] + bytes([_der(GOOD)[-1] ^ 1])),
        _pem(b""),
        key_pem(KEY).decode(),
        GOOD + " " * 20_000,
        "\ud800",
    ],
    ids=lambda pem: repr(pem[:12]),
)
def test_bad_requests_are_refused(pem: str) -> None:
    """Anything but exactly one whole request with its own signature is refused, without quoting what was sent."""
    with pytest.raises(IdentityError) as caught:
        read_csr(pem)
    assert "PRIVATE KEY-----" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),
        rsa.generate_private_key(3, 2048),
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["RSA 1024", "RSA e=3", "P-521", "secp256k1", "Ed25519"],
)
def test_other_keys_are_refused(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    """A key that is too weak or not allowed is refused with the kinds that are."""
    hashed = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashed)
    with pytest.raises(IdentityError, match="P-256"):
        read_csr(request.public_bytes(Encoding.PEM).decode())


@pytest.mark.parametrize("padded", [padding.PKCS1v15(), padding.PSS(padding.MGF1(hashes.SHA256()), 32)])
def test_rsa_requests_prove_their_key_with_either_padding(padded: padding.PKCS1v15 | padding.PSS) -> None:
    """A request on an RSA key is taken with both paddings in use."""
    key = new_key("RSA 2048")
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.sign(key, hashes.SHA256(), rsa_padding=padded)
    assert public_key_sha256(key.public_key()) == read_csr(_pem(request.public_bytes(Encoding.DER))).public_key_sha256


@pytest.mark.parametrize("signed_as", ["SHA-1", "RSA"])
def test_a_signature_of_a_kind_that_proves_little_is_refused(signed_as: str) -> None:
    """A SHA-1 signature, or one that says it was made by another kind of key, proves nothing."""
    der = _der(GOOD)
    named = {"SHA-1": "2a8648ce3d0401", "RSA": "2a864886f70d01010b"}[signed_as]
    body = x509.load_der_x509_csr(der).tbs_certrequest_bytes
    algorithm = hashes.SHA1() if signed_as == "SHA-1" else hashes.SHA256()
    assert isinstance(KEY, ec.EllipticCurvePrivateKey)
    signature = KEY.sign(body, ec.ECDSA(algorithm))
    request = tlv(0x30, body, tlv(0x30, tlv(0x06, bytes.fromhex(named))), tlv(0x03, b"\x00", signature))
    with pytest.raises(IdentityError, match="its own key"):
        read_csr(_pem(request))


def test_hostile_names_are_refused() -> None:
    """Too many names, and names with control characters, do not get into the ledger."""
    with pytest.raises(IdentityError):
        read_csr(make_csr(KEY, dns=[f"host{index}" for index in range(101)]))
    with pytest.raises(IdentityError):
        read_csr(make_csr(KEY, dns=["a\x1b[31m.example.com"]))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
@given(st.data())
def test_damage_never_crashes(data: st.DataObject) -> None:
    """A request with bytes changed at random is refused, or was changed where it does not count."""
    der = bytearray(_der(GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_csr(_pem(bytes(der)))
    except IdentityError:
        return
    assert read.public_key_sha256 == public_key_sha256(KEY.public_key())
