"""Manifests as `get` shows them: picked by name, and with nothing secret in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_PUBLIC = ("tls.crt", "ca.crt", "cert", "cacert")


def select(documents: Iterable[dict[str, Any]], kind: str, name: str, namespace: str) -> list[dict[str, Any]]:
    """Those of one kind, and of one name or namespace if given, fit to be shown."""
    return [
        shown(document)
        for document in documents
        if document["kind"] == kind
        and name in ("", document["metadata"]["name"])
        and namespace in ("", document["metadata"].get("namespace", ""))
    ]


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what is secret in it. The stand-in is not base64, so it cannot be applied by mistake."""
    if document["kind"] != "Secret":
        return document
    data = document.get("data") or {}
    return document | {"data": {name: value if name in _PUBLIC else "(not shown)" for name, value in data.items()}}
