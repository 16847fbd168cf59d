"""Secrets as documents: with a new key pair, or keeping the one that they had. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from meshtui.agent.gateway_client import KeyPair
from meshtui.gateway.credential import Credential
from meshtui.manifest.documents import parse_document
from meshtui.manifest.issuance import ISSUER
from meshtui.manifest.model import Manifest, Secret
from meshtui.manifest.secret_data import PAIR_NAMES, TLS, key_pair


def authority_for(credential: Credential) -> str:
    """The gateway root that is to sign: the one that the Secret names, else one for the domain of its first host."""
    if credential.secret is not None and credential.secret.issuer:
        return credential.secret.issuer
    host = next(iter(credential.hosts), "").removeprefix("*.")
    return ".".join(host.split(".")[-2:])


def with_pair(credential: Credential, pair: KeyPair) -> dict[str, Any]:
    """The document of a Secret with a new key pair, and with the issuer that will renew it."""
    secret = credential.secret
    metadata: dict[str, Any] = dict(secret.document["metadata"]) if secret is not None else {"name": credential.name}
    metadata["namespace"] = credential.namespace
    metadata["annotations"] = {**metadata.get("annotations", {}), ISSUER: authority_for(credential)}
    fresh = {"apiVersion": "v1", "kind": "Secret", "type": TLS}
    document = {**(secret.document if secret is not None else fresh), "metadata": metadata}
    certificate, key = _names(document.get("data", {}))
    encoded = {certificate: _encoded(pair.chain_pem), key: _encoded(pair.private_key_pem)}
    return document | {"data": {**document.get("data", {}), **encoded}}


def keeping_its_pair(manifest: Manifest, known: Manifest | None) -> Manifest:
    """What is to be stored: a Secret that is issued here and applied without a pair keeps the one that it has."""
    if not isinstance(manifest, Secret) or not isinstance(known, Secret) or not manifest.issuer:
        return manifest
    if key_pair(manifest) is not None or key_pair(known) is None:
        return manifest
    held = {name: value for name, value in known.document["data"].items() if name in _names(known.document["data"])}
    return parse_document({**manifest.document, "data": {**manifest.document.get("data", {}), **held}})


def _names(data: Mapping[str, Any]) -> tuple[str, str]:
    """The names under which Istio reads the pair of this Secret."""
    return next((names for names in PAIR_NAMES if all(data.get(name) for name in names)), PAIR_NAMES[1])


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()
