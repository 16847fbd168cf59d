"""As whom a verification asks: what is in it, and what never shows."""

from __future__ import annotations

import msgspec
import pytest

from meshtui.mesh.caller import ANYBODY, Caller

KEY = "-----BEGIN PRIVATE KEY-----"
GIVEN = Caller(certificate_pem="certificate", key_pem=KEY, certificate_file="/a.pem", key_file="/a.key")


def test_its_key_is_in_no_words() -> None:
    """Only the names of files are."""
    assert KEY not in f"{GIVEN!r} {GIVEN}"
    assert "/a.pem" in repr(GIVEN)


def test_it_arrives_as_it_was_sent() -> None:
    """Over the operator socket."""
    assert msgspec.json.decode(msgspec.json.encode(GIVEN), type=Caller) == GIVEN


@pytest.mark.parametrize(
    ("caller", "expected"), [(ANYBODY, True), (GIVEN, False), (Caller(roots_pem="x"), False), (Caller(), True)]
)
def test_who_said_nothing_is_anybody(caller: Caller, expected: bool) -> None:
    """Roots or a certificate make somebody of them."""
    assert caller.is_anybody is expected
