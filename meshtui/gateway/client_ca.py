"""Whether what clients of a MUTUAL server are checked against can do that. Pure."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from meshtui.findings import Severity
from meshtui.gateway.contents import is_ca, read_certificates
from meshtui.gateway.flaws import Code, Flaw
from meshtui.gateway.references import SecretRef
from meshtui.manifest.api_model import ConfigMap
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
    fix = f"Apply the {ref} with the CA of its clients as ca.crt." if ref is not None else "Name a Secret with ca.crt."
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
    chain, broken = read_certificates(pem, "")
    if broken:
        return f"has a CA that cannot be used: {broken[0].text.rstrip('.')}"
    if not any(map(is_ca, chain)):
        return "has no CA certificate in its ca.crt, only leaves"
    if all(each.not_valid_after_utc < now for each in chain):
        return f"has only a CA that expired on {max(each.not_valid_after_utc for each in chain):%Y-%m-%d}"
    return _crl_reason(revoked(secret))


def _crl_reason(pem: bytes | None) -> str:
    if pem is None:
        return ""
    try:
        x509.load_pem_x509_crl(pem)
    except ValueError:
        return "has a revocation list that cannot be read"
    return ""
