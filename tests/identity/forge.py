"""Makes certificates for tests, right or wrong in exactly the way that a test asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meshtui.identity.keys import PrivateKey, new_key

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
HTTPBIN = "spiffe://cluster.local/ns/prod/sa/httpbin"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()


def unsound_key() -> rsa.RSAPrivateKey:
    """Numbers of two RSA keys in one: its public half is what it should be, and what it signs nobody can verify."""
    mine, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers() for _ in range(2))
    return rsa.RSAPrivateNumbers(
        p=mine.p,
        q=mine.q,
        d=other.d,
        dmp1=other.dmp1,
        dmq1=other.dmq1,
        iqmp=mine.iqmp,
        public_numbers=mine.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)


def usage(*allowed: str) -> x509.KeyUsage:
    """A key usage with exactly the named bits."""
    names = [
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ]
    return x509.KeyUsage(**{name: name in allowed for name in names})


def common_name(text: str) -> x509.Name:
    """A name with one attribute, or the empty one."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def make(
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    *,
    issuer: Pair | None = None,
    subject: str = "",
    key: PrivateKey | None = None,
    start: datetime = NOW - timedelta(hours=1),
    end: datetime = NOW + timedelta(hours=1),
    hashed: hashes.SHA256 | hashes.SHA384 | None = None,
) -> Pair:
    """Sign a certificate with exactly these extensions; by itself without an issuer."""
    key = key or new_key()
    name = common_name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return Pair(builder.sign(issuer.key if issuer else key, hashed or hashes.SHA256()), key)


def ca(
    name: str,
    issuer: Pair | None = None,
    *,
    is_ca: bool = True,
    path_length: int | None = None,
    bits: Sequence[str] = ("key_cert_sign", "crl_sign"),
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    key: PrivateKey | None = None,
    start: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=1),
) -> Pair:
    """A CA certificate."""
    constraints = x509.BasicConstraints(ca=is_ca, path_length=path_length if is_ca else None)
    extensions = [(constraints, True), (usage(*bits), True), *more]
    return make(extensions, issuer=issuer, subject=name, key=key, start=start, end=end)


def svid(
    issuer: Pair,
    uris: Sequence[str] = (HTTPBIN,),
    *,
    key: PrivateKey | None = None,
    start: datetime = NOW - timedelta(minutes=2),
    end: datetime = NOW + timedelta(hours=1),
    changes: Sequence[tuple[x509.ExtensionType, bool]] = (),
    without: type[x509.ExtensionType] | None = None,
) -> Pair:
    """A right SVID, but for extensions replaced by `changes` or left out as `without` says."""
    extensions: dict[type[x509.ExtensionType], tuple[x509.ExtensionType, bool]] = {
        x509.KeyUsage: (usage("digital_signature"), True),
        x509.ExtendedKeyUsage: (x509.ExtendedKeyUsage(BOTH), False),
        x509.BasicConstraints: (x509.BasicConstraints(ca=False, path_length=None), True),
        x509.SubjectAlternativeName: (
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]),
            True,
        ),
    }
    extensions.update({type(extension): (extension, critical) for extension, critical in changes})
    if without is not None:
        del extensions[without]
    return make(list(extensions.values()), issuer=issuer, key=key, start=start, end=end)


@cache
def rsa_key() -> PrivateKey:
    """One for all tests of a process: making it takes longer than most of them."""
    return new_key("RSA 2048")


def server(
    issuer: Pair,
    *hosts: str,
    key: PrivateKey | None = None,
    start: datetime = NOW - timedelta(hours=1),
    end: datetime = NOW + timedelta(hours=1),
) -> Pair:
    """A server's certificate for these hosts."""
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    return make([(names, False)], issuer=issuer, key=key, start=start, end=end)


def revocation_list(issuer: Pair, *revoked: Pair, now: datetime = NOW, end: datetime | None = None) -> str:
    """A CRL (PEM) of a CA."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(end or now + timedelta(days=1))
    )
    for pair in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(pair.certificate.serial_number).revocation_date(now)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def ocsp_response(issuer: Pair, pair: Pair, *, now: datetime = NOW, end: datetime | None = None) -> bytes:
    """An answer (DER) of a CA that a certificate is good."""
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=pair.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=now - timedelta(hours=2),
        next_update=end or now + timedelta(days=1),
        revocation_time=None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate).sign(issuer.key, hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def certified(host: str, issuer: Pair, public_key: rsa.RSAPublicKey, now: datetime) -> str:
    """A server certificate (PEM) on a public key, whoever has the private one."""
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(issuer.certificate.subject)
    builder = builder.public_key(public_key).serial_number(x509.random_serial_number()).add_extension(names, True)
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
