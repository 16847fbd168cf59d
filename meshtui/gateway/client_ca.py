"""Whether what clients of a MUTUAL server are checked against can do that. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from meshtui.findings import Severity
from meshtui.gateway.contents import is_ca, read_certificates
from meshtui.gateway.flaws import Code, Flaw
from meshtui.gateway.references import CA_SUFFIX, SecretRef
from meshtui.identity.pem import blocks
from meshtui.manifest.api_model import ConfigMap
from meshtui.manifest.client_roots import roots_problem
from meshtui.manifest.model import Secret
from meshtui.manifest.secret_data import revoked, trusted_ca


def client_ca_flaw(ref: SecretRef | None, secret: Secret | ConfigMap | None, mode: str, now: datetime) -> Flaw | None:
    """Why a server of this mode cannot check its clients; None when it can.

    `ref` is where its CA should be, None when nothing says so; `secret` is what is there, None when nothing is.
    """
    reason = _reason(ref, secret, now)
    if not reason:
        return None
    where = f"The {ref}" if ref is not None else "Its TLS settings"
    fix = "Name a Secret with ca.crt."
    if ref is not None:
        name = ref.name.removesuffix(CA_SUFFIX) + CA_SUFFIX if ref.kind == "Secret" else ref.name
        fix = f"Apply a {ref.kind} {name} in namespace {ref.namespace} with the CA of its clients as ca.crt."
    text = f"{where} {reason}, so that this {mode} server cannot check its clients, and nothing is served."
    return Flaw(Code.NO_CLIENT_CA, Severity.CRITICAL, text, fix)


def _reason(ref: SecretRef | None, secret: Secret | ConfigMap | None, now: datetime) -> str:
    if ref is None:
        return "name no CA"
    if secret is None:
        return "does not exist"
    pem = trusted_ca(secret)
    if pem is None:
        found = ", ".join(sorted(secret.data)[:3]) or "nothing"
        return f"has no CA: it holds {found}, not ca.crt (or cacert)"
    if problem := roots_problem(secret):
        return f"cannot be used: {problem.partition(': ')[2]}"
    chain, _ = read_certificates(pem, "")
    authorities = [each for each in chain if is_ca(each)]
    if not authorities:
        return "has no CA certificate in its ca.crt, only leaves"
    if all(each.not_valid_after_utc < now for each in authorities):
        return f"has only a CA that expired on {max(each.not_valid_after_utc for each in authorities):%Y-%m-%d}"
    lists = revoked(secret)
    return _revocation_reason(authorities, lists, now) if lists is not None else ""


def _revocation_reason(authorities: Sequence[x509.Certificate], pem: bytes, now: datetime) -> str:
    """Envoy lets nobody in of whose CA it has no list that is valid; it says so to nobody."""
    lists = [x509.load_der_x509_crl(block.der) for block in blocks(pem)[0] if block.label == "X509 CRL"]
    for authority in authorities:
        own = [each for each in lists if each.issuer == authority.subject]
        name = authority.subject.rfc4514_string()
        if not own:
            return f"has revocation lists, but none of {name}"
        ends = [each.next_update_utc for each in own if each.next_update_utc is not None]
        if len(ends) == len(own) and max(ends) < now:
            return f"has a revocation list of {name} that expired on {max(ends):%Y-%m-%d}"
    return ""
