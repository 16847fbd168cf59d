"""Writes the manifests of an edge for tests: an ingress gateway, and Secrets that are right or wrong in one way."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from meshtui.findings import Finding
from meshtui.gateway.edge import Edge
from meshtui.gateway.issuers import Roots
from meshtui.identity.keys import PrivateKey, key_pem
from tests.identity import forge
from tests.identity.forge import NOW
from tests.manifest.test_catalog import ingress
from tests.manifest.writing import document, gateway, https, read

HOST = "a.example.com"
TARGET = "gateway/edge/credential"
ROOT = forge.ca("edge root", end=NOW + timedelta(days=100))
MIDDLE = forge.ca("edge intermediate", ROOT, end=NOW + timedelta(days=50))
ROOTS = Roots([ROOT.certificate])


def leaf(
    *names: str,
    issuer: forge.Pair | None = ROOT,
    key: PrivateKey | None = None,
    subject: str = "",
    start: datetime = NOW - timedelta(days=1),
    end: datetime = NOW + timedelta(days=10),
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> forge.Pair:
    """A server certificate; of HOST when no names are given. `ASCII` names only, unless they are given as bytes."""
    san = x509.SubjectAlternativeName([x509.DNSName._init_without_validation(name) for name in names or (HOST,)])
    return forge.make([(san, False), *more], issuer=issuer, subject=subject, key=key, start=start, end=end)


def secret(
    name: str = "credential", *, namespace: str = "edge", kind: str = "kubernetes.io/tls", **data: Any
) -> dict[str, Any]:
    """A Secret with this data; keys are written with `_` for the dot."""
    values = {
        key.replace("_", ".", 1): base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
        for key, value in data.items()
    }
    return document("Secret", name, namespace, type=kind, data=values)


def pair(found: forge.Pair, *above: forge.Pair, **more: Any) -> dict[str, Any]:
    """The data of a Secret with this certificate, those above it, and its key."""
    chain = "".join(each.pem for each in (found, *above))
    return {"tls_crt": chain, "tls_key": key_pem(found.key), **more}


def edge(*documents: Any, roots: Roots = ROOTS) -> Edge:
    """An edge with an ingress gateway in the namespace `edge`, and these."""
    found = Edge(roots)
    found.change(read(ingress(), *documents))
    return found


def simple(*hosts: str, **tls: Any) -> Any:
    """A Gateway for HOST, or these hosts, that names the Secret `credential`."""
    return gateway("one", https(*(hosts or (HOST,)), **tls))


def findings(*documents: Any, roots: Roots = ROOTS, now: datetime = NOW) -> dict[str, Finding]:
    """What is wrong with TARGET, by code."""
    return {finding.code: finding for finding in edge(*documents, roots=roots).findings_of(TARGET, now)}
