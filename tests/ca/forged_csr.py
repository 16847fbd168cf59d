"""Certificate requests that no library would make, byte by byte (PKCS #10, RFC 2986)."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEQUENCE, SET, INTEGER, BIT_STRING, OCTET_STRING, OID = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06
RSA = bytes.fromhex("2a864886f70d010101")
DSA = bytes.fromhex("2a8648ce380401")
EC = bytes.fromhex("2a8648ce3d0201")
P192 = bytes.fromhex("2a8648ce3d030101")
PRIME_FIELD = bytes.fromhex("2a8648ce3d0101")
ECDSA_SHA256 = bytes.fromhex("2a8648ce3d040302")
EXTENSION_REQUEST = bytes.fromhex("2a864886f70d01090e")
CHALLENGE = bytes.fromhex("2a864886f70d010907")
SAN = bytes.fromhex("551d11")
URI, DNS = 0x86, 0x82


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER value."""
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(value: int) -> bytes:
    """A positive INTEGER."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_spki(modulus: int, exponent: int) -> bytes:
    """A SubjectPublicKeyInfo of any two numbers."""
    key = tlv(SEQUENCE, integer(modulus), integer(exponent))
    return tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, RSA), b"\x05\x00"), tlv(BIT_STRING, b"\x00", key))


def dsa_spki() -> bytes:
    """One of a kind that nobody should use."""
    parameters = tlv(SEQUENCE, integer(2**1023 + 1155), integer(2**159 + 91), integer(4))
    return tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, DSA), parameters), tlv(BIT_STRING, b"\x00", integer(2**1000 + 1)))


def ec_spki(parameters: bytes, point: bytes) -> bytes:
    """A point on whatever curve the parameters say."""
    return tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, EC), parameters), tlv(BIT_STRING, b"\x00", point))


def p192_spki() -> bytes:
    """The base point of a curve that is too small."""
    x = bytes.fromhex("188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012")
    y = bytes.fromhex("07192b95ffc8da78631011ed6b24cdd573f977a11e794811")
    return ec_spki(tlv(OID, P192), b"\x04" + x + y)


def explicit_spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    """P-256 spelled out instead of named (CVE-2020-0601 was made of this)."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = bytes.fromhex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
    g = bytes.fromhex(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    curve = tlv(SEQUENCE, tlv(OCTET_STRING, (p - 3).to_bytes(32, "big")), tlv(OCTET_STRING, b))
    field = tlv(SEQUENCE, tlv(OID, PRIME_FIELD), integer(p))
    parameters = tlv(SEQUENCE, integer(1), field, curve, tlv(OCTET_STRING, g), integer(n), integer(1))
    return ec_spki(parameters, key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def san(names: Sequence[tuple[int, bytes]]) -> bytes:
    """An attribute that requests these names, whatever they are."""
    value = tlv(OCTET_STRING, tlv(SEQUENCE, *(tlv(kind, name) for kind, name in names)))
    extensions = tlv(SEQUENCE, tlv(SEQUENCE, tlv(OID, SAN), value))
    return tlv(SEQUENCE, tlv(OID, EXTENSION_REQUEST), tlv(SET, extensions))


def challenge(size: int) -> bytes:
    """A challenge password of that many bytes."""
    return tlv(SEQUENCE, tlv(OID, CHALLENGE), tlv(SET, tlv(0x0C, b"x" * size)))


def forged(
    *, spki: bytes | None = None, attributes: bytes = b"", key: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """A request in DER, rightly signed when its key is the signing one."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    own = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    info = tlv(SEQUENCE, b"\x02\x01\x00", tlv(SEQUENCE), spki or own, tlv(0xA0, attributes))
    signature = tlv(BIT_STRING, b"\x00", key.sign(info, ec.ECDSA(SHA256())))
    return tlv(SEQUENCE, info, tlv(SEQUENCE, tlv(OID, ECDSA_SHA256)), signature)


def pem(der: bytes, label: str = "CERTIFICATE REQUEST") -> str:
    """PEM with lines of 64 characters."""
    text = base64.b64encode(der).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
