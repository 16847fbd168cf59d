"""The form of what Envoy's admin answers, as far as it is read here; everything else in an answer is passed over."""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True):
    """Content of a secret. A private key is redacted."""

    inline_bytes: str = ""
    """Base64."""
    inline_string: str = ""


class KeyPair(msgspec.Struct, frozen=True):
    """Of a server or client."""

    certificate_chain: Source = Source()


class Validation(msgspec.Struct, frozen=True):
    """What peers are checked against."""

    trusted_ca: Source = Source()


class Secret(msgspec.Struct, frozen=True):
    """One of the two."""

    tls_certificate: KeyPair = KeyPair()
    validation_context: Validation = Validation()


class SecretEntry(msgspec.Struct, frozen=True):
    """A secret that came, or is waited for."""

    name: str
    version_info: str = ""
    secret: Secret = Secret()


class Secrets(msgspec.Struct, frozen=True):
    """`/config_dump?resource=dynamic_active_secrets` and its warming sibling."""

    configs: tuple[SecretEntry, ...] = ()


class Leaf(msgspec.Struct, frozen=True):
    """A certificate in use."""

    serial_number: str


class CertificateEntry(msgspec.Struct, frozen=True):
    """What one TLS context has loaded."""

    cert_chain: tuple[Leaf, ...] = ()


class Certificates(msgspec.Struct, frozen=True):
    """`/certs`."""

    certificates: tuple[CertificateEntry, ...] = ()


class ServerInfo(msgspec.Struct, frozen=True):
    """`/server_info`."""

    version: str
    """`COMMIT/1.40.0/Clean/RELEASE/BoringSSL`."""
