"""Documents as they may be shown: without what is secret in them. Every backend shows Secrets through this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PUBLIC = ("tls.crt", "ca.crt", "ca.crl", "cert", "cacert", "crl")
"""Entries of a Secret that hold certificates only, under the names that Istio takes."""
HIDDEN = "(not shown)"
"""Stands in for the rest. Not base64, so that it cannot be applied by mistake."""


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document; of a Secret with everything but certificates hidden."""
    if document.get("kind") != "Secret":
        return dict(document)
    data = document.get("data") or {}
    return {**document, "data": {name: value if name in PUBLIC else HIDDEN for name, value in data.items()}}
