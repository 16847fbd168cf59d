"""What is different between two versions of a manifest, in a few words for a time line. Of Secrets only where."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from meshtui.manifest.model import Manifest, Secret

LONGEST = 400
"""Characters of the whole."""
_LONGEST_VALUE = 60
_SERVER_SET = ("uid", "creationTimestamp", "resourceVersion", "generation", "managedFields")
_NOTHING = object()


def difference(before: Manifest | None, after: Manifest | None) -> str:
    """`spec.mtls.mode: PERMISSIVE → STRICT; …`; empty where one of them is missing or nothing differs."""
    if before is None or after is None:
        return ""
    secret = isinstance(before, Secret) or isinstance(after, Secret)
    text = ""
    for path, old, new in _changes("", _plain(before.document), _plain(after.document)):
        said = f"{path} changed" if secret else f"{path}: {_shown(old)} → {_shown(new)}"
        longer = f"{text}; {said}" if text else said
        if len(longer) > LONGEST:
            return f"{text or said[:LONGEST]}; …"
        text = longer
    return text


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in (document.get("metadata") or {}).items() if name not in _SERVER_SET}
    return {**document, "metadata": metadata}


def _changes(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Path and both values of each difference, as deep down as it can be said."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}, key=str):
            below = f"{path}.{name}" if path else str(name)
            yield from _changes(below, old.get(name, _NOTHING), new.get(name, _NOTHING))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path}[{index}]", one, other)
    elif old != new:
        yield path, old, new


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
