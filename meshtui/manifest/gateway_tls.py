"""Reads how a server of an Istio Gateway speaks TLS: all of ServerTLSSettings, refused where Istio refuses it.

What Istio takes, though with a warning or without effect, is read here too; whether a mesh can do it is not asked.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from meshtui.manifest.credential_name import ca_name_problem, credential_name_problem, reference
from meshtui.manifest.fields import Fields
from meshtui.manifest.server import CertificateFiles, Reference, ServerTls

MODES = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH")
_NEEDS_CERTIFICATE = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL")
_NEEDS_CA = ("MUTUAL", "OPTIONAL_MUTUAL")
_CERTIFICATES_MAX = 2
"""One RSA, one ECDSA."""
_VERSIONS = ("TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")
_SOURCES = ("credentialName", "credentialNames", "serverCertificate", "privateKey", "tlsCertificates")
_OTHERS = ("caCertificates", "caCertCredentialName")
_HASH = re.compile(r"[0-9a-fA-F]{64}|[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){31}", re.ASCII)


def read_plain_tls(fields: Fields) -> ServerTls:
    """Of a plain HTTP server: whether it sends its clients to HTTPS."""
    for name in fields.names():
        if name != "httpsRedirect" and not (name == "mode" and fields.raw(name) == "PASSTHROUGH"):
            fields.ignore(name)
            fields.problem(name, "belongs to an HTTPS server; an HTTP server has only httpsRedirect")
    return ServerTls(https_redirect=fields.boolean("httpsRedirect"))


def read_tls(fields: Fields) -> ServerTls:
    """Of an HTTPS or TLS server."""
    # Istio's default is not what anyone means who writes a mode that there is not
    mode = fields.text("mode", "SIMPLE" if fields.has("mode") else "PASSTHROUGH", choices=MODES)
    lowest = fields.text("minProtocolVersion", "TLS_AUTO", choices=("TLS_AUTO", *_VERSIONS))
    highest = fields.text("maxProtocolVersion", "TLS_AUTO", choices=("TLS_AUTO", *_VERSIONS))
    lowest, highest = lowest.replace("TLS_AUTO", "TLSV1_2"), highest.replace("TLS_AUTO", "TLSV1_3")
    if lowest > highest:
        fields.problem("maxProtocolVersion", "is lower than minProtocolVersion")
    found = ServerTls(
        mode=mode,
        credentials=tuple(_credentials(fields)),
        ca=_ca(fields),
        files=tuple(_files(fields)),
        ca_file=fields.text("caCertificates"),
        crl_file=fields.text("caCrl"),
        subject_alt_names=fields.texts("subjectAltNames", check=_empty),
        verify_certificate_spki=fields.texts("verifyCertificateSpki", check=_spki_problem),
        verify_certificate_hash=fields.texts("verifyCertificateHash", check=_hash_problem),
        insecure_skip_verify=fields.boolean("insecureSkipVerify"),
        cipher_suites=fields.texts("cipherSuites", check=_empty),
        https_redirect=fields.boolean("httpsRedirect"),
        min_protocol_version=lowest,
        max_protocol_version=highest,
    )
    _together(fields, mode)
    return found


def _credentials(fields: Fields) -> Iterator[Reference]:
    if name := fields.text("credentialName", check=credential_name_problem):
        yield reference(name)
    yield from map(reference, _one_or_two(fields, "credentialNames"))


def _one_or_two(fields: Fields, name: str) -> tuple[str, ...]:
    found = fields.texts(name, check=credential_name_problem)
    _at_most_two(fields, name, len(found))
    return found


def _at_most_two(fields: Fields, name: str, number: int) -> None:
    if number > _CERTIFICATES_MAX:
        fields.problem(name, f"has {number} entries; at most {_CERTIFICATES_MAX} are accepted, one RSA and one ECDSA")


def _ca(fields: Fields) -> Reference | None:
    name = fields.text("caCertCredentialName", check=ca_name_problem)
    return reference(name) if name else None


def _files(fields: Fields) -> Iterator[CertificateFiles]:
    pair = CertificateFiles(certificate=fields.text("serverCertificate"), key=fields.text("privateKey"))
    if pair.certificate and pair.key:
        yield pair
    elif pair.certificate or pair.key:
        missing = "privateKey" if pair.certificate else "serverCertificate"
        fields.problem(missing, "serverCertificate and privateKey belong together, and this one is missing")
    pairs = tuple(map(_pair_of_files, fields.items("tlsCertificates")))
    _at_most_two(fields, "tlsCertificates", len(pairs))
    yield from pairs


def _pair_of_files(fields: Fields) -> CertificateFiles:
    with fields:
        fields.ignore("caCertificates")  # in Istio's API, where only that of the server counts
        certificate, key = fields.text("serverCertificate", required=True), fields.text("privateKey", required=True)
        return CertificateFiles(certificate=certificate, key=key)


def _together(fields: Fields, mode: str) -> None:
    """What a mode needs, and what excludes what (pkg/config/validation/validation.go, validateTLSOptions)."""
    given = [name for name in _SOURCES if fields.raw(name)]
    if mode == "ISTIO_MUTUAL":
        for name in given + [name for name in _OTHERS if fields.raw(name)]:
            fields.problem(name, "ISTIO_MUTUAL presents the workload's own certificate and trusts the mesh's roots")
        return
    sources = [name for name in given if name != "privateKey"]
    if len(sources) > 1:
        fields.problem(sources[1], f"only one of {', '.join(sources)} may be given")
    if mode not in _NEEDS_CERTIFICATE:
        return
    if not given:
        fields.problem("credentialName", f"required, and missing; {mode} presents the key pair of a Secret")
    elif not given[0].startswith("credential"):
        _with_files(fields, mode)


def _with_files(fields: Fields, mode: str) -> None:
    if mode in _NEEDS_CA and not (fields.raw("caCertificates") or fields.raw("caCertCredentialName")):
        fields.problem("caCertificates", f"{mode} needs the CA of its clients, and it is missing")
    if mode == "SIMPLE" and fields.raw("caCrl"):
        fields.problem("caCrl", "revokes certificates of clients, which SIMPLE does not ask for")


def _empty(text: str) -> str:
    return "" if text else "must not be empty"


def _spki_problem(text: str) -> str:
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    return "" if len(digest) == 32 else "expected a base64 SHA-256 (44 characters)"


def _hash_problem(text: str) -> str:
    return "" if _HASH.fullmatch(text) else "expected a hexadecimal SHA-256 (64 digits, or 32 pairs with : between)"
