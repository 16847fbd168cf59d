"""Whatever a rightly signed CSR asks for, by names, extensions and attributes that no library would write."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.ca.refusal import Reason, RefusalError
from meshtui.identity.inspect import load_certificates
from tests.ca.forged_csr import EXTENSION_REQUEST, OCTET_STRING, OID, SEQUENCE, SET, challenge, forged, pem, san, tlv
from tests.ca.setting import Setting
from tests.identity.forge import HTTPBIN

KEY = ec.generate_private_key(ec.SECP256R1())
EXTENSIONS = ("551d0f", "551d11", "551d13", "551d1e", "551d23", "551d25", "2b06010505070101", "2a03")
"""Key usage, names, basic and name constraints, issuer's key, extended usage, issuer's address, and a stranger."""
PROFILE = [
    *("KeyUsage", "ExtendedKeyUsage", "BasicConstraints"),
    *("AuthorityKeyIdentifier", "SubjectKeyIdentifier", "SubjectAlternativeName"),
]

_NAMES = st.lists(st.tuples(st.sampled_from([0x81, 0x82, 0x86, 0x87, 0x88, 0xA0, 0xA4]), st.binary(max_size=60)))
_URIS = st.lists(st.text(max_size=30).map(lambda text: (0x86, f"spiffe://{text}".encode())), max_size=4)


def _extension(kind: str, critical: bool, value: bytes) -> bytes:
    flag = b"\x01\x01\xff" if critical else b""
    return tlv(SEQUENCE, tlv(OID, bytes.fromhex(kind)), flag, tlv(OCTET_STRING, value))


_EXTENSIONS = st.lists(
    st.builds(_extension, st.sampled_from(EXTENSIONS), st.booleans(), st.binary(max_size=40)), max_size=4
).map(lambda found: tlv(SEQUENCE, tlv(OID, EXTENSION_REQUEST), tlv(SET, tlv(SEQUENCE, *found))))
_ATTRIBUTES = st.lists(
    st.one_of(_NAMES.map(san), _URIS.map(san), _EXTENSIONS, st.integers(0, 200).map(challenge), st.binary(max_size=30)),
    max_size=3,
).map(b"".join)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    directory: Path = tmp_path_factory.mktemp("any")
    return Setting(directory)


@settings(max_examples=200, deadline=None)
@given(attributes=_ATTRIBUTES)
def test_only_its_key_gets_into_a_certificate(authority: Setting, attributes: bytes) -> None:
    """It is refused as a bad CSR, or its leaf is the caller's and nobody else's, extension by extension."""
    ca = authority
    request = ca.workload_request(csr=pem(forged(key=KEY, attributes=attributes)))
    try:
        chain = asyncio.run(ca.authority.create_certificate(request, ca.now))
    except RefusalError:
        chain = ()
    (entry,) = ca.reader.entries(limit=1)
    assert (entry.requested_names + entry.detail).isprintable()
    if not chain:
        assert entry.reason == Reason.BAD_CSR
        return
    (leaf,) = load_certificates(chain[0])
    assert leaf.public_key() == KEY.public_key()
    assert leaf.subject == x509.Name([])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier(HTTPBIN)]
    assert [type(extension.value).__name__ for extension in leaf.extensions] == PROFILE
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
