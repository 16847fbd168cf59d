"""What a Secret holds under the names that Istio reads (pilot/pkg/credentials/kube/secrets.go).

Whether it fits together, or whom it is for, is not asked here.
"""

from __future__ import annotations

from meshtui.manifest.api_model import ConfigMap
from meshtui.manifest.model import Secret

TLS = "kubernetes.io/tls"
PAIR_NAMES = (("cert", "key"), ("tls.crt", "tls.key"))
"""Of the certificate chain and the private key; the first two win, whatever the Secret's type."""
OCSP_STAPLE = "tls.ocsp-staple"


def key_pair(secret: Secret) -> tuple[bytes, bytes] | None:
    """Certificate chain and private key (PEM) of a Secret; None if it lacks one."""
    for certificate, key in PAIR_NAMES:
        if secret.data.get(certificate) and secret.data.get(key):
            return secret.data[certificate], secret.data[key]
    return None


def trusted_ca(secret: Secret | ConfigMap) -> bytes | None:
    """Certificates (PEM) that clients are checked against; `cacert` wins over `ca.crt`."""
    return secret.data.get("cacert") or secret.data.get("ca.crt") or None


def revoked(secret: Secret | ConfigMap) -> bytes | None:
    """Revocation lists (PEM) beside `trusted_ca`: `crl` beside `cacert`, `ca.crl` beside `ca.crt`."""
    return secret.data.get("crl" if secret.data.get("cacert") else "ca.crl") or None


def ocsp_staple(secret: Secret) -> bytes | None:
    """An OCSP response (DER) to be stapled; only beside `tls.crt`."""
    with_pair = secret.data.get("tls.crt") and not (secret.data.get("cert") and secret.data.get("key"))
    return (secret.data.get(OCSP_STAPLE) or None) if with_pair else None
