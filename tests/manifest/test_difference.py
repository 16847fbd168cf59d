"""What a time line says of a change to a manifest."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshtui.manifest.difference import LONGEST, difference
from meshtui.manifest.model import Manifest
from tests.manifest.writing import document, read


def peer(mode: str, **metadata: Any) -> Manifest:
    written = document("PeerAuthentication", "default", api="security.istio.io/v1", spec={"mtls": {"mode": mode}})
    written["metadata"] |= metadata
    return read(written)[0]


def secret(**data: str) -> Manifest:
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in data.items()}
    return read(document("Secret", "tokens", type="Opaque", data=encoded))[0]


def test_each_change_has_its_path_and_both_values() -> None:
    """What only a server sets is no change."""
    assert difference(peer("PERMISSIVE"), peer("STRICT")) == "spec.mtls.mode: PERMISSIVE → STRICT"
    assert difference(peer("STRICT"), peer("STRICT", resourceVersion="7", uid="u")) == ""
    labelled = difference(peer("STRICT"), peer("STRICT", labels={"a": "b"}))
    assert labelled == 'metadata.labels: nothing → {"a": "b"}'


def test_made_and_removed_have_no_difference() -> None:
    """There is nothing to compare with."""
    assert "" == difference(None, peer("STRICT")) == difference(peer("STRICT"), None)


def test_secret_says_where_and_never_what() -> None:
    """Neither the value before nor the one after, whatever it is called."""
    text = difference(secret(first="one-secret", cert="c"), secret(first="other-secret", cert="d"))
    assert text == "data.cert changed; data.first changed"


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), min_size=1, max_size=60))
def test_text_is_bounded(values: dict[str, str]) -> None:
    """However much changes."""
    before, after = peer("STRICT"), peer("STRICT")
    after.document["spec"]["more"] = values
    before.document["spec"]["more"] = {**{name: f"{value}!" for name, value in values.items()}, "x": "y" * 900}
    assert 0 < len(difference(before, after)) <= LONGEST + 3
