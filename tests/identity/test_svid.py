"""What a CA answers is used only when all of it is right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.keys import key_pem, new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid, svid_from_response
from tests.identity.forge import HTTPBIN, NOW, Pair, ca, svid

KEY = new_key()
WANTED = SpiffeId.parse(HTTPBIN)
ROOT = ca("root")
MIDDLE = ca("middle", ROOT)
LOW = ca("low", MIDDLE)
LEAF = svid(ROOT, key=KEY)
DEEP = svid(LOW, key=KEY)


def _read(*parts: str) -> Svid:
    return svid_from_response(parts, KEY, WANTED, NOW)


def test_leaf_and_root() -> None:
    """The answer of a self-signed Istio CA becomes an SVID with everything its holder needs."""
    held = _read(LEAF.pem, ROOT.pem)
    assert held.spiffe_id == WANTED
    assert held.chain_pem.decode() == LEAF.pem
    assert held.private_key_pem == key_pem(KEY)
    assert held.bundle == TrustBundle.parse(ROOT.pem)
    assert held.issued_at == NOW
    assert held.facts.sans == (HTTPBIN,)


def test_intermediates_come_one_by_one() -> None:
    """Each part between leaf and bundle is one intermediate; they are kept in order."""
    held = _read(DEEP.pem, LOW.pem, MIDDLE.pem, ROOT.pem)
    assert held.chain_pem.decode() == DEEP.pem + LOW.pem + MIDDLE.pem


def test_the_bundle_may_have_several_roots() -> None:
    """The last part is the whole bundle, unsplit."""
    assert len(_read(LEAF.pem, ca("new").pem + ROOT.pem).bundle.certificates) == 2


def test_a_repeated_root_is_dropped() -> None:
    """A CA that puts the root among the intermediates too (istio/istio#39001) is understood."""
    assert (
        _read(DEEP.pem, LOW.pem, MIDDLE.pem, ROOT.pem, ROOT.pem).chain_pem.decode() == DEEP.pem + LOW.pem + MIDDLE.pem
    )


def test_the_key_is_not_shown() -> None:
    """The repr of an SVID has nothing of its key."""
    held = _read(LEAF.pem, ROOT.pem)
    assert "PRIVATE" not in repr(held)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [ROOT.pem],
        [LEAF.pem],
        [LEAF.pem, ""],
        ["", ROOT.pem],
        [LEAF.pem + MIDDLE.pem, ROOT.pem],
        [DEEP.pem, LOW.pem + MIDDLE.pem, ROOT.pem],
        [DEEP.pem, MIDDLE.pem, LOW.pem, ROOT.pem],
        [DEEP.pem, MIDDLE.pem, ROOT.pem],
        [LEAF.pem + "garbage", ROOT.pem],
        [LEAF.pem, ROOT.pem + "garbage"],
        [LEAF.pem, "garbage", ROOT.pem],
        [LEAF.pem, LEAF.pem],
        [LEAF.pem, ca("root").pem],
        [LEAF.pem, ROOT.pem + key_pem(KEY).decode()],
        [LEAF.pem, *[MIDDLE.pem] * 20, ROOT.pem],
        [ROOT.pem, ROOT.pem],
    ],
)
def test_a_wrong_answer_is_refused(parts: Sequence[str]) -> None:
    """Too few or too many parts, parts out of order, strangers and garbage never become an SVID."""
    with pytest.raises(IdentityError):
        _read(*parts)


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (svid(ROOT), "for the key"),
        (svid(ROOT, ["spiffe://cluster.local/ns/prod/sa/sleep"], key=KEY), "sleep"),
        (svid(ROOT, ["spiffe://example.org/ns/prod/sa/httpbin"], key=KEY), "example.org"),
        (svid(ROOT, key=KEY, end=NOW - timedelta(seconds=1)), "expired"),
        (svid(ROOT, key=KEY, start=NOW + timedelta(minutes=6)), "not valid before"),
    ],
    ids=["key", "identity", "trust domain", "expired", "future"],
)
def test_a_certificate_for_another_is_refused(leaf: Pair, reason: str) -> None:
    """The CA must have signed our key, our identity, and a lifetime that has begun and not ended."""
    with pytest.raises(IdentityError, match=reason):
        _read(leaf.pem, ROOT.pem)


def test_a_slow_clock_is_forgiven() -> None:
    """A leaf and CA from four minutes ahead are accepted: our clock may be behind."""
    ahead = NOW + timedelta(minutes=4)
    fresh = ca("fresh", start=ahead)
    assert _read(svid(fresh, key=KEY, start=ahead).pem, fresh.pem)
