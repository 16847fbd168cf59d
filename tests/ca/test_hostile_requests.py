"""Bad requests, items 1 to 20 of the checklist (identity-operations.md, 3.4), each over real TLS and gRPC.

Each ends in its status, without a leaf, with a row in the ledger, and without a word to the caller that helps him.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.ca.records import State
from meshtui.ca.refusal import Reason
from meshtui.identity.csr import make_csr
from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import key_pem, new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.wire import istio_ca_pb2 as istio_pb
from tests.ca.forged_csr import (
    DNS,
    URI,
    challenge,
    dsa_spki,
    explicit_spki,
    forged,
    p192_spki,
    pem,
    rsa_spki,
    san,
)
from tests.ca.hostile import Hostile, rsa_key, serving, setting
from tests.identity.forge import HTTPBIN, usage

KEY = ec.generate_private_key(ec.SECP256R1())
SECRET = new_key()
SMALL_PRIMES = math.prod(n for n in range(3, 168) if all(n % d for d in range(2, n)))
ROCA = (pow(65537, 5, 2 * SMALL_PRIMES)) + 2 * SMALL_PRIMES * (2**1828 + 1)
GOOD = rsa_key(2048).public_key().public_numbers().n
BAD = grpc.StatusCode.INVALID_ARGUMENT
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Hostile]:
    async with serving(setting(tmp_path)) as served:
        yield served


def _wrongly_signed() -> bytes:
    der = forged()
    return der[:-1] + bytes([der[-1] ^ 1])


def _own_key_of(kind: Any, algorithm: Any) -> str:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(kind, algorithm)
    return request.public_bytes(Encoding.PEM).decode()


def _small_rsa() -> str:
    return _own_key_of(rsa_key(1024), SHA256())


BAD_CSRS: dict[str, Callable[[], str]] = {
    "1-empty": lambda: "",
    "2-not PEM": lambda: "certificate, please",
    "3-CERTIFICATE": lambda: pem(forged(), "CERTIFICATE"),
    "3-PRIVATE KEY": lambda: key_pem(SECRET).decode(),
    "4-truncated": lambda: pem(forged()[:-20]),
    "4-nothing but a header": lambda: pem(forged()[:4]),
    "4-not base64": lambda: "-----BEGIN CERTIFICATE REQUEST-----\nMII!\n-----END CERTIFICATE REQUEST-----\n",
    "5-trailing garbage": lambda: pem(forged() + b"\x00garbage"),
    "5-garbage behind the block": lambda: pem(forged()) + "garbage",
    "6-two blocks": lambda: pem(forged()) * 2,
    "7-changed signature": lambda: pem(_wrongly_signed()),
    "7-another's key": lambda: pem(forged(spki=rsa_spki(GOOD, 65537))),
    "8-RSA 1024": _small_rsa,
    "8-RSA 16384": lambda: pem(forged(spki=rsa_spki(2**16383 + 1, 65537))),
    "8-RSA e=1": lambda: pem(forged(spki=rsa_spki(GOOD, 1))),
    "8-RSA e=2": lambda: pem(forged(spki=rsa_spki(GOOD, 2))),
    "8-RSA e=65538": lambda: pem(forged(spki=rsa_spki(GOOD, 65538))),
    "8-RSA e of 2000 bits": lambda: pem(forged(spki=rsa_spki(GOOD, 2**2000 + 1))),
    "8-RSA with a small factor": lambda: pem(forged(spki=rsa_spki(743 * (2**2038 + 1), 65537))),
    "8-RSA like ROCA": lambda: pem(forged(spki=rsa_spki(ROCA, 65537))),
    "8-DSA": lambda: pem(forged(spki=dsa_spki())),
    "8-P-192": lambda: pem(forged(spki=p192_spki())),
    "8-explicit curve": lambda: pem(forged(spki=explicit_spki(KEY), key=KEY)),
    "9-Ed25519": lambda: _own_key_of(ed25519.Ed25519PrivateKey.generate(), None),
    "9-P-521": lambda: _own_key_of(ec.generate_private_key(ec.SECP521R1()), SHA512()),
    "15-NUL in a DNS name": lambda: pem(forged(attributes=san([(DNS, b"a.example\x00.evil")]))),
    "15-NUL in a URI": lambda: pem(forged(attributes=san([(URI, f"{HTTPBIN}\x00".encode())]))),
    "15-newline": lambda: pem(forged(attributes=san([(URI, b"spiffe://a\nb/c")]))),
    "15-escape": lambda: pem(forged(attributes=san([(URI, b"spiffe://a/\x1b[2J")]))),
    "15-bidi": lambda: pem(forged(attributes=san([(URI, "spiffe://a/\u202eb".encode())]))),
    "15-10 kB": lambda: pem(forged(attributes=san([(URI, b"spiffe://a/" + b"b" * 10_000)]))),
    "15-101 names": lambda: pem(forged(attributes=san([(DNS, b"a.example")] * 101))),
    "15-1000 names": lambda: pem(forged(attributes=san([(DNS, b"a")] * 1000))),
    "15-malformed SAN": lambda: pem(forged(attributes=san([(0xA0, b"\xff")]))),
    "16-30 kB challenge": lambda: pem(forged(attributes=challenge(30_000))),
}


@pytest.mark.parametrize("item", BAD_CSRS)
async def test_a_bad_csr_is_an_invalid_argument(ca: Hostile, item: str) -> None:
    """Items 1 to 9, 15, 16: the caller learns that his CSR is bad, the ledger why; nothing is signed or quoted."""
    csr = BAD_CSRS[item]()
    answer = await ca.ask(ca.message(csr=csr), ca.bearer())
    assert (answer.code, answer.text.startswith("CSR signing error (")) == (BAD, True)
    refusal = ca.refusal()
    assert (refusal.reason, refusal.actor) == (Reason.BAD_CSR, "prod/httpbin")
    for secret in (key_pem(SECRET).decode().splitlines()[1], "Traceback"):
        assert secret not in answer.text + refusal.detail
    if item.startswith("9-"):
        assert "EC P-256, EC P-384 or RSA of 2048 to 8192 bits" in answer.text
    if item.startswith("8-"):  # the key was judged, not the signature that it would have to verify
        assert "signature" not in refusal.detail


@pytest.mark.parametrize("item", ["7-changed signature", "8-RSA e=1", "15-1000 names", "1-empty"])
async def test_a_stranger_learns_nothing_of_his_csr(ca: Hostile, item: str) -> None:
    """Without a credential no CSR is looked at: whatever it is, the answer is that nobody knows the caller."""
    answer = await ca.ask(ca.message(csr=BAD_CSRS[item]()))
    assert (answer.code, answer.text) == (UNAUTHENTICATED, "request authenticate failure")
    assert ca.refusal().reason == Reason.NO_CREDENTIAL


async def test_the_cas_own_key_is_denied(ca: Hostile) -> None:
    """Item 10: a CSR on the CA's public key is refused for good. (Item 11, revoked keys, waits for revocation.)"""
    answer = await ca.ask(ca.message(csr=make_csr(ca.root.key)), ca.bearer())
    assert answer.code is grpc.StatusCode.PERMISSION_DENIED
    assert ca.refusal().reason == Reason.FORBIDDEN_KEY


def _leaf(chain: tuple[str, ...]) -> x509.Certificate:
    (leaf,) = load_certificates(chain[0])
    return leaf


def _asking(*extensions: tuple[x509.ExtensionType, bool]) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEY, SHA256()).public_bytes(Encoding.PEM).decode()


WISHES: dict[str, str] = {
    "12-another's identity": make_csr(KEY, SpiffeId.parse("spiffe://cluster.local/ns/prod/sa/admin")),
    "13-CA": _asking((x509.BasicConstraints(ca=True, path_length=3), True)),
    "13-keyCertSign": _asking((usage("key_cert_sign", "crl_sign"), True)),
    "13-code signing": _asking((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), True)),
    "13-unknown critical": _asking((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)),
    "14-two URIs": pem(forged(key=KEY, attributes=san([(URI, HTTPBIN.encode()), (URI, b"spiffe://cluster.local/x")]))),
    "14-DNS, mail and IP": pem(
        forged(
            key=KEY, attributes=san([(DNS, b"evil.example"), (0x81, b"a@evil.example"), (0x87, b"\x0a\x00\x00\x01")])
        )
    ),
    "14-comma": pem(forged(key=KEY, attributes=san([(URI, f"{HTTPBIN},spiffe://cluster.local/x".encode())]))),
}


@pytest.mark.parametrize("item", WISHES)
async def test_wishes_are_recorded_and_not_granted(ca: Hostile, item: str) -> None:
    """Items 12 to 14: whatever a CSR asks for, its leaf has the caller's one URI and the profile's extensions."""
    answer = await ca.ask(ca.message(csr=WISHES[item]), ca.bearer())
    extensions = _leaf(answer.chain).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier(HTTPBIN)]
    assert [type(each.value).__name__ for each in extensions] == [
        *("KeyUsage", "ExtendedKeyUsage", "BasicConstraints"),
        *("AuthorityKeyIdentifier", "SubjectKeyIdentifier", "SubjectAlternativeName"),
    ]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    (entry,) = ca.decisions()
    assert entry.identity == HTTPBIN
    if item == "12-another's identity":
        assert entry.requested_names == "spiffe://cluster.local/ns/prod/sa/admin"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"csr": pem(forged(attributes=challenge(1_000_000)))}, id="16-1 MB challenge"),
        pytest.param({"csr": pem(forged(attributes=san([(DNS, b"a.example")] * 10_000)))}, id="15-10000 names"),
        pytest.param({"csr": "x" * 4_000_000}, id="16-4 MB message"),
    ],
)
async def test_what_is_too_large_is_not_read(ca: Hostile, message: dict[str, Any]) -> None:
    """Items 15 and 16: gRPC turns away a message beyond 64 KiB before anything of it is parsed; the CA goes on."""
    assert (await ca.ask(ca.message(**message), ca.bearer())).code is EXHAUSTED
    assert not ca.decisions()
    assert (await ca.ask(ca.message(), ca.bearer())).code is grpc.StatusCode.OK


@pytest.mark.parametrize("seconds", [0, -1, -(2**63)], ids=["17-zero", "17-negative", "17-int64 min"])
async def test_no_lifetime_is_the_default(ca: Hostile, seconds: int) -> None:
    """Item 17: nothing asked, or less, is the default."""
    answer = await ca.ask(ca.message(seconds=seconds), ca.bearer())
    assert _leaf(answer.chain).not_valid_after_utc == ca.now.replace(microsecond=0) + timedelta(hours=24)


@pytest.mark.parametrize(
    "seconds",
    [90 * 86_400 + 1, 2**31, 2**63 // 10**9 + 1, 2**63 - 1],
    ids=["17-above", "17-2038", "17-overflow", "17-int64 max"],
)
async def test_too_long_a_lifetime_is_an_invalid_argument(ca: Hostile, seconds: int) -> None:
    """Item 17: more than the maximum is refused, never cut, whatever it would overflow elsewhere."""
    answer = await ca.ask(ca.message(seconds=seconds), ca.bearer())
    assert answer.code is BAD
    assert answer.text.endswith("is greater than the max allowed TTL 2160h0m0s)")
    assert ca.refusal().reason == Reason.BAD_LIFETIME


async def test_an_unknown_signer_is_an_invalid_argument(ca: Hostile) -> None:
    """Item 18: naming a signer that there is not never ends at the default one."""
    assert (await ca.ask(ca.message(CertSigner="clusterissuers.example.com/x"), ca.bearer())).code is BAD
    assert ca.refusal().reason == Reason.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    ("caller", "wanted"),
    [
        pytest.param("httpbin", "spiffe://cluster.local/ns/prod/sa/axb", id="19-not trusted"),
        pytest.param("httpbin", HTTPBIN, id="19-not trusted, for itself"),
        pytest.param("ztunnel", "spiffe://cluster.local/ns/prod/sa/sleep", id="19-on another node"),
        pytest.param("ztunnel", "spiffe://cluster.local/ns/prod/sa/nobody", id="19-of nobody"),
        pytest.param("ztunnel", "spiffe://other/ns/prod/sa/httpbin", id="19-of another trust domain"),
        pytest.param("ztunnel", "spiffe://cluster.local/httpbin", id="19-no service account"),
        pytest.param("ztunnel", "httpbin", id="19-no identity"),
    ],
)
async def test_impersonation_needs_trust_and_the_same_node(ca: Hostile, caller: str, wanted: str) -> None:
    """Item 19: only a trusted account gets others' certificates, and only of pods on its own node."""
    token = ca.ztunnel() if caller == "ztunnel" else ca.token(caller)
    answer = await ca.ask(ca.message(ImpersonatedIdentity=wanted), ca.bearer(token))
    assert (answer.code, answer.text) == (UNAUTHENTICATED, "request impersonation authentication failure")
    assert ca.refusal().reason == Reason.IMPERSONATION
    assert ca.refusal().actor.endswith(caller)


async def test_an_outside_issuer_has_no_nodes_here(ca: Hostile) -> None:
    """Item 19: whatever an outside issuer says of accounts and pods, its tokens ask for nobody else."""
    ztunnel = {
        "namespace": "istio-system",
        "pod": {"name": "ztunnel-1", "uid": "uid-ztunnel"},
        "serviceaccount": {"name": "ztunnel"},
    }
    changes: dict[str, Any] = {"sub": "system:serviceaccount:istio-system:ztunnel", "kubernetes.io": ztunnel}
    token = ca.outside_token(**changes)
    answer = await ca.ask(ca.message(ImpersonatedIdentity=HTTPBIN), ca.bearer(token))
    assert (answer.code, ca.refusal().reason) == (UNAUTHENTICATED, Reason.IMPERSONATION)


async def test_a_nodes_proxy_gets_certificates_for_its_pods(ca: Hostile) -> None:
    """What ztunnel does: it asks for a pod on its node and gets that identity, recorded as its own doing."""
    answer = await ca.ask(ca.message(ImpersonatedIdentity=HTTPBIN), ca.bearer(ca.ztunnel()))
    names = _leaf(answer.chain).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier(HTTPBIN)]
    (entry,) = ca.decisions()
    assert (entry.actor, entry.identity, entry.state) == ("istio-system/ztunnel", HTTPBIN, State.ISSUED)
    assert entry.policy == "trusted-node"


def _nested(depth: int) -> bytes:
    """`metadata` as a Struct in a Struct in a Struct …"""
    inner = b""
    for _ in range(depth):
        inner = tlv_proto(1, tlv_proto(1, b"a") + tlv_proto(2, tlv_proto(5, inner)))
    return tlv_proto(4, inner)


def tlv_proto(field: int, content: bytes) -> bytes:
    """A length-delimited field of a protobuf message."""
    size, length = len(content), bytearray()
    while True:
        length.append(size & 127 | (128 if size > 127 else 0))
        size >>= 7
        if not size:
            return bytes([field << 3 | 2]) + bytes(length) + content


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\xff\xff\xff", id="20-no protobuf"),
        pytest.param(tlv_proto(1, b"\xff\xfe"), id="20-CSR is not UTF-8"),
        pytest.param(_nested(1000), id="20-1000 deep"),
        pytest.param(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", id="20-length beyond the end"),
    ],
)
async def test_what_is_no_message_is_an_invalid_argument(
    ca: Hostile, message: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """Item 20: bytes that are no request are refused and counted, with or without a token, and fill no log."""
    for headers in (ca.bearer(), []):
        answer = await ca.ask(message, headers)
        assert (answer.code, answer.text) == (BAD, "the request cannot be read")
    refusals = ca.decisions()
    assert {entry.reason for entry in refusals} == {Reason.BAD_REQUEST}
    assert sum(entry.count for entry in refusals) in (1, 2)  # the second may still wait in its minute
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("value", [5.0, True, [1, 2], {"a": "b"}], ids=["20-number", "20-bool", "20-list", "20-struct"])
async def test_metadata_of_the_wrong_kind_is_an_invalid_argument(ca: Hostile, value: Any) -> None:
    """Item 20: keys that mean something must be text."""
    for name in ("CertSigner", "ImpersonatedIdentity"):
        assert (await ca.ask(ca.message(**{name: value}), ca.bearer())).code is BAD
    assert {entry.reason for entry in ca.decisions()} == {Reason.BAD_REQUEST}


async def test_unknown_fields_are_ignored(ca: Hostile) -> None:
    """Item 20: a field or key of a later Istio is no reason to refuse."""
    message = ca.message(WorkloadName=[1, {}]) + tlv_proto(15, b"later") + tlv_proto(2, b"unused")
    assert istio_pb.IstioCertificateRequest.FromString(message).csr
    assert (await ca.ask(message, ca.bearer())).code is grpc.StatusCode.OK
