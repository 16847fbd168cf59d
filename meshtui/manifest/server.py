"""One server of a Gateway as values: its port, its hosts, and how it speaks TLS. Reads and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Reference:
    """Another object that a listener names."""

    name: str
    namespace: str = ""
    """Empty: that of the gateway's workload."""
    kind: str = "Secret"
    """`Secret`, or `ConfigMap` for a CA."""
    scheme: str = "kubernetes"
    """Who reads it, which decides what may be read: `kubernetes` (the default), `kubernetes-gateway`, `configmap`."""


@dataclass(frozen=True, kw_only=True)
class CertificateFiles:
    """A key pair in files of the gateway's container, by path."""

    certificate: str
    key: str


@dataclass(frozen=True, kw_only=True)
class ServerTls:
    """How a gateway's server speaks TLS; for plain HTTP only `https_redirect` counts. Field by field Istio's."""

    mode: str = ""
    """`SIMPLE`, `MUTUAL`, `OPTIONAL_MUTUAL`, `ISTIO_MUTUAL`, `PASSTHROUGH` or `AUTO_PASSTHROUGH`; empty for HTTP.
    In the Gateway API also `ISTIO_SIMPLE`."""
    credentials: tuple[Reference, ...] = ()
    """Secrets with the key pairs to present: `credentialName`, or both of `credentialNames`."""
    ca: Reference | None = None
    """`caCertCredentialName`: where the CA of clients is; None for that of the first of `credentials`."""
    files: tuple[CertificateFiles, ...] = ()
    """`serverCertificate` and `privateKey`, or `tlsCertificates`."""
    ca_file: str = ""
    crl_file: str = ""
    subject_alt_names: tuple[str, ...] = ()
    """Of which a client's certificate must have one: DNS names, URIs, e-mail or IP addresses; empty for any."""
    verify_certificate_spki: tuple[str, ...] = ()
    """Base64 SHA-256 of public keys, and beside them …"""
    verify_certificate_hash: tuple[str, ...] = ()
    """… hexadecimal SHA-256 of certificates, of which a client's must be one; both empty for any."""
    insecure_skip_verify: bool = False
    cipher_suites: tuple[str, ...] = ()
    """OpenSSL's names, for TLS 1.2 and below; empty for Envoy's own choice."""
    https_redirect: bool = False
    min_protocol_version: str = "TLSV1_2"
    """`TLSV1_0` to `TLSV1_3`."""
    max_protocol_version: str = "TLSV1_3"


@dataclass(frozen=True, kw_only=True)
class Server:
    """One port of a Gateway and the hosts that it answers for."""

    number: int
    name: str
    protocol: str
    """`HTTPS`, `TLS` for what is not HTTP inside, or `HTTP` (also written `HTTP2` and `GRPC`)."""
    hosts: tuple[str, ...]
    """DNS names; `*.example.com` and `*` stand for many."""
    tls: ServerTls | None = None
