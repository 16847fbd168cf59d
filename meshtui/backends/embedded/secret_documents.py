"""Secrets as documents: with a new key pair, with one from elsewhere, or keeping the one that they had. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from meshtui.agent.gateway_client import KeyPair
from meshtui.backends.embedded.orders import Order
from meshtui.gateway.credential import Credential
from meshtui.identity.bundle import TrustBundle
from meshtui.manifest.documents import parse_document
from meshtui.manifest.issuance import ISSUER, KEY, LIFETIME, ROOTS, ROTATION, UNDONE
from meshtui.manifest.lifetimes import lifetime_text
from meshtui.manifest.model import Manifest, Secret
from meshtui.manifest.secret_data import OCSP_STAPLE, PAIR_NAMES, TLS, key_pair
from meshtui.mesh.actions import Brought, Terms


def with_pair(credential: Credential, pair: KeyPair, order: Order, terms: Terms) -> Secret:
    """The Secret with a new key pair, and with what will make the next one like it."""
    annotations = {ISSUER: order.authority}
    if terms.lifetime is not None:
        annotations[LIFETIME] = lifetime_text(terms.lifetime)
    if terms.key_kind or credential.secret is None:
        annotations[KEY] = order.key_kind
    return _with(credential, pair.chain_pem, pair.private_key_pem, annotations, without=(ROOTS,))


def with_brought(credential: Credential, brought: Brought) -> Secret:
    """The Secret with a pair that was made elsewhere: nobody here is to replace it by itself."""
    certificate, key = brought.certificate.encode(), brought.private_key.encode()
    return _with(credential, certificate, key, roots_of(brought), without=(ISSUER, LIFETIME, KEY, ROOTS))


def roots_of(brought: Brought) -> dict[str, str]:
    """The annotation that keeps what a pair was said to lead to, so that it can be verified from then on."""
    return {ROOTS: TrustBundle.parse(brought.ca).pem.decode()} if brought.ca else {}


def undone(current: Secret, previous: Secret) -> Secret:
    """The version before. One that would be renewed at once is marked to stay; what is brought back twice is as new."""
    if current.rotation == UNDONE or not previous.issuer or previous.rotation:
        return previous
    metadata = previous.document["metadata"]
    marked = {**metadata, "annotations": {**metadata.get("annotations", {}), ROTATION: UNDONE}}
    return _secret({**previous.document, "metadata": marked})


def keeping_its_pair(manifest: Manifest, known: Manifest | None) -> Manifest:
    """What is to be stored: a Secret that is issued here and applied without a pair keeps the one that it has."""
    if not isinstance(manifest, Secret) or not isinstance(known, Secret) or not manifest.issuer:
        return manifest
    if key_pair(manifest) is not None or key_pair(known) is None:
        return manifest
    held = {name: value for name, value in known.document["data"].items() if name in pair_names(known.document["data"])}
    return parse_document({**manifest.document, "data": {**manifest.document.get("data", {}), **held}})


def pair_names(data: Mapping[str, Any]) -> tuple[str, str]:
    """The names under which Istio reads the pair of a Secret with this data."""
    return next((names for names in PAIR_NAMES if all(data.get(name) for name in names)), PAIR_NAMES[1])


def rest_names(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of what stays in a Secret with this data when its pair is replaced; empty entries count as none."""
    away = (*pair_names(data), OCSP_STAPLE)
    return tuple(sorted(name for name, value in data.items() if value and name not in away))


def draft(credential: Credential, annotations: Mapping[str, str]) -> Secret:
    """A Secret without a pair, for whether it would be taken. Raises ManifestError for what cannot be in it."""
    return _with(credential, b"", b"", annotations, without=())


def _with(
    credential: Credential, chain: bytes, key: bytes, annotations: Mapping[str, str], *, without: tuple[str, ...]
) -> Secret:
    secret = credential.secret
    before: Mapping[str, Any] = secret.document if secret is not None else {}
    metadata: dict[str, Any] = {
        "name": credential.name,
        **before.get("metadata", {}),
        "namespace": credential.namespace,
    }
    kept = {name: value for name, value in metadata.get("annotations", {}).items() if name not in without}
    if kept.get(ROTATION) == UNDONE:
        del kept[ROTATION]
    metadata["annotations"] = {**kept, **annotations}
    # what is stapled is about the certificate before
    data = {name: value for name, value in before.get("data", {}).items() if name != OCSP_STAPLE}
    names = pair_names(data)
    encoded = {name: base64.b64encode(value).decode() for name, value in zip(names, (chain, key), strict=True)}
    head = {"apiVersion": "v1", "kind": "Secret", "type": TLS}
    return _secret({**head, **before, "metadata": metadata, "data": {**data, **encoded}})


def _secret(document: Mapping[str, Any]) -> Secret:
    found = parse_document(document)
    assert isinstance(found, Secret)  # its kind says so
    return found
