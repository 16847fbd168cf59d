"""What TLS and OpenSSL say in numbers, in words that a person can act on."""

from __future__ import annotations

_ALERTS = {
    10: "unexpected message",
    20: "bad record MAC",
    22: "record overflow",
    40: "handshake failure",
    42: "bad certificate",
    43: "unsupported certificate",
    44: "certificate revoked",
    45: "certificate expired",
    46: "certificate unknown",
    47: "illegal parameter",
    48: "unknown CA",
    49: "access denied",
    50: "decode error",
    51: "decrypt error",
    70: "protocol version",
    71: "insufficient security",
    80: "internal error",
    86: "inappropriate fallback",
    90: "user cancelled",
    109: "missing extension",
    110: "unsupported extension",
    112: "unrecognized name",
    113: "bad certificate status response",
    115: "unknown PSK identity",
    116: "certificate required",
    120: "no application protocol",
}
"""RFC 8446, section 6."""

NO_ISSUER = (2, 20)
"""Verify codes: the issuer of a certificate is neither presented nor trusted."""
FOLLOWS = (21, 27)
"""Verify codes that only repeat what another one has said: the first certificate is not verified, not trusted."""

_FAULTS = {
    6: "its public key cannot be read",
    7: "its signature does not fit its issuer's key",
    9: "it is not valid yet",
    10: "it has expired",
    13: "its validity cannot be read",
    14: "its validity cannot be read",
    18: "it is self-signed and not among the roots",
    19: "it is a self-signed root that is not among the roots that are trusted",
    22: "the chain is too long",
    23: "it was revoked",
    24: "it is not a CA's, but signed another",
    25: "it allows fewer CAs below it",
    26: "it is not for servers (extended key usage)",
    28: "it is marked as not to be trusted",
    29: "its name is not that of the issuer",
    30: "its key is not the one that its issuer names",
    32: "its key may not sign certificates",
    34: "it has a critical extension that nobody knows",
    37: "its basic constraints or key usage contradict each other",
    47: "a name in it lies outside of what its issuer permits",
    48: "a name in it is excluded by its issuer",
    66: "its key is too weak",
    67: "its CA key is too weak",
    68: "its signature is made with a hash that is too weak",
    79: "it is not a CA's, but signed another",
}
"""X509_V_ERR_… of OpenSSL (x509_vfy.h)."""


def alert_text(number: int) -> str:
    """`TLS alert 116, certificate required`."""
    return f"TLS alert {number}, {_ALERTS[number]}" if number in _ALERTS else f"TLS alert {number}"


def fault_text(code: int) -> str:
    """What is wrong with the certificate at which a verification ended."""
    return _FAULTS.get(code, f"OpenSSL refuses it (error {code} of X509_verify_cert)")


def version_text(version: str) -> str:
    """`TLS 1.3` for OpenSSL's `TLSv1.3`; its `TLSv1` is 1.0."""
    number = version.removeprefix("TLSv")
    return f"TLS {number}.0" if number == "1" else f"TLS {number}"
