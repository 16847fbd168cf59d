"""What each kind of certificate says, extension by extension. Pure; signs nothing.

Of a CSR, only the public key ever reaches a certificate.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.validity import BACKDATE, ROOT_LIFETIME, Validity
from meshtui.identity.spiffe import SpiffeId

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

MAX_HOSTS = 100

CA_HOSTS = ("127.0.0.1", "localhost", "istiod.istio-system.svc", "istio-ca.istio-system.svc")
"""Of the CA's own server. Istio's agents ask for `istiod.istio-system.svc` when the CA's address says localhost."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)


@dataclass(frozen=True)
class CertificateProfile:
    """What a leaf is for. Its subject is empty: the names are in the SAN."""

    names: tuple[x509.GeneralName, ...]
    purposes: tuple[x509.ObjectIdentifier, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The names as text."""
        return tuple(str(name.value) for name in self.names)

    def builder(
        self, public_key: PublicKey, serial: int, validity: Validity, signer: x509.Certificate
    ) -> x509.CertificateBuilder:
        """A certificate of this profile, ready to be signed by `signer`."""
        return (
            _common(self.purposes, isinstance(public_key, rsa.RSAPublicKey), signer)
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(validity.not_before)
            .not_valid_after(validity.not_after)
            # Istio's leaves have none; RFC 5280, 4.2.1.2 asks for one, and linters do
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            # critical, because the subject is empty (RFC 5280, 4.1.2.6)
            .add_extension(x509.SubjectAlternativeName(self.names), critical=True)
        )


@lru_cache(maxsize=32)
def _common(
    purposes: tuple[x509.ObjectIdentifier, ...], is_rsa: bool, signer: x509.Certificate
) -> x509.CertificateBuilder:
    """What all leaves of a kind by one signer have in common; building it takes longer than the rest of a leaf."""
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(signer.subject)
        # RFC 8813: an elliptic curve key enciphers nothing
        .add_extension(_usage(digital_signature=True, key_encipherment=is_rsa), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_authority_key_id(signer), critical=False)
    )


def workload_profile(spiffe_id: SpiffeId) -> CertificateProfile:
    """An X.509-SVID: exactly one URI, for both ends of a connection."""
    return CertificateProfile(
        (x509.UniformResourceIdentifier(str(spiffe_id)),),
        (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
    )


def server_profile(hosts: Sequence[str]) -> CertificateProfile:
    """A server certificate for DNS names, wildcards and IP addresses. Raises RefusalError for other hosts, or none."""
    if not 1 <= len(hosts) <= MAX_HOSTS:
        raise RefusalError(Reason.BAD_HOST, f"{len(hosts)} hosts; a server certificate has 1 to {MAX_HOSTS}")
    return CertificateProfile(tuple(_host(text) for text in hosts), (ExtendedKeyUsageOID.SERVER_AUTH,))


def check_outside(profile: CertificateProfile) -> None:
    """Raises RefusalError for hosts that only the mesh itself may answer to, when the mesh's own CA is to sign.

    Whoever trusts the mesh's root would take such a server for the CA (agents then show it their tokens) or for
    another service of the cluster (webhooks, for one). A server certificate for any other host is harmless under
    that root: it has no URI and is not for clients, so that nobody takes it for an SVID.
    """
    for name in profile.names:
        text = str(name.value)
        if isinstance(name, x509.IPAddress):
            inside = name.value.is_loopback or text in CA_HOSTS
        else:
            # a cluster's own domain may be called anything; its services are below `svc`
            inside = ".svc." in f"{text}." or _covers_ca(text)
        if inside:
            raise RefusalError(
                Reason.BAD_HOST, f"{text} is a name inside the mesh; the mesh's CA signs gateways' names only"
            )


def _covers_ca(name: str) -> bool:
    return any(host == name or (name[:2] == "*." and host.partition(".")[2] == name[2:]) for host in CA_HOSTS)


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not is_dns_name(text.removeprefix("*.")):
        raise RefusalError(Reason.BAD_HOST, f"{text[:80]!r} is neither a DNS name in lower case nor an IP address")
    return x509.DNSName(text)


def is_dns_name(text: str) -> bool:
    """A host name of RFC 1123 in lower case, without a trailing dot; safe to use as a file name."""
    return len(text) <= 253 and _DNS_NAME.fullmatch(text) is not None


def root_builder(subject: x509.Name, public_key: PublicKey, serial: int, now: datetime) -> x509.CertificateBuilder:
    """A self-signed CA certificate."""
    start = now.replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(start - BACKDATE)
        .not_valid_after(start + ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def mesh_root_subject(trust_domain: str) -> x509.Name:
    """As Istio names its own root."""
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, trust_domain)])


def gateway_root_subject(name: str) -> x509.Name:
    """`O=NAME, CN=NAME root`; a common name ends at 64 characters (RFC 5280, appendix A.1) and is optional."""
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)]
    if len(f"{name} root") <= 64:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root"))
    return x509.Name(attributes)


def _authority_key_id(signer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        key_id = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:  # in a CA certificate that others made; what RFC 5280, 4.2.1.2 would have it say
        key = signer.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
