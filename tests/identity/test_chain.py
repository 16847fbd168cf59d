"""A chain leads to a trusted root by real signatures of real CAs, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from cryptography import x509

from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.chain import MAX_CHAIN, verify_chain
from tests.identity.forge import NOW, Pair, ca, make, svid, usage

ROOT = ca("root")
MIDDLE = ca("middle", ROOT)


def _path(leaf: Pair, between: Sequence[Pair] = (), roots: Sequence[Pair] = (ROOT,)) -> tuple[x509.Certificate, ...]:
    chain = [leaf.certificate, *(pair.certificate for pair in between)]
    return verify_chain(chain, TrustBundle(tuple(root.certificate for root in roots)), NOW)


def test_a_path_is_found() -> None:
    """The path goes from the leaf over the intermediates to the root, in whatever order they were sent."""
    leaf = svid(ROOT)
    assert (leaf.certificate, ROOT.certificate) == _path(leaf)
    low = ca("low", MIDDLE)
    leaf = svid(low)
    expected = tuple(pair.certificate for pair in (leaf, low, MIDDLE, ROOT))
    assert expected == _path(leaf, [low, MIDDLE])
    assert expected == _path(leaf, [ca("stranger"), MIDDLE, low])


def test_the_trusted_one_of_two_roots_with_one_name_is_found() -> None:
    """A root that only shares the name is passed over; the one that signed is found."""
    twin = ca("root")
    leaf = svid(ROOT)
    assert (leaf.certificate, ROOT.certificate) == _path(leaf, roots=[twin, ROOT])
    with pytest.raises(IdentityError, match="signature"):
        _path(leaf, roots=[twin])


def test_a_renewed_root_verifies_older_leaves() -> None:
    """A root with the same key and name, as Istio's rotation makes it, stands in for the old one."""
    leaf = svid(ROOT)
    renewed = ca("root", key=ROOT.key)
    assert (leaf.certificate, renewed.certificate) == _path(leaf, roots=[renewed])


def test_a_leaf_that_is_trusted_itself_is_its_own_path() -> None:
    """A self-signed certificate in the bundle needs nobody to vouch for it."""
    assert (ROOT.certificate,) == _path(ROOT)


@pytest.mark.parametrize(
    ("middle", "reason"),
    [
        (ca("middle", ROOT, is_ca=False), "not a CA"),
        (make([(usage("key_cert_sign"), True)], issuer=ROOT, subject="middle"), "not a CA"),
        (ca("middle", ROOT, bits=["crl_sign"]), "keyCertSign"),
        (ca("middle", ROOT, end=NOW - timedelta(seconds=1)), "expired"),
        (ca("middle", ROOT, start=NOW + timedelta(seconds=1)), "not valid before"),
        (ca("middle", ca("root")), "signature"),
        (ca("middle", ca("other")), "CN=other"),
        (
            ca("middle", ROOT, more=[(x509.NameConstraints([x509.DNSName("example.com")], None), True)]),
            "not judged",
        ),
    ],
    ids=["CA flag", "no constraints", "usage", "expired", "early", "forged", "unknown", "constrained"],
)
def test_an_issuer_that_must_not_sign_ends_the_path(middle: Pair, reason: str) -> None:
    """Each rule for an issuer is checked, and the error names the one that was broken."""
    with pytest.raises(IdentityError, match=reason):
        _path(svid(middle), [middle])


def test_path_lengths_are_kept() -> None:
    """A CA that allows no CA below it vouches for leaves only; a self-issued one below does not count."""
    top = ca("top", path_length=0)
    assert len(_path(svid(top), roots=[top])) == 2
    below = ca("below", top)
    with pytest.raises(IdentityError, match="allows 0"):
        _path(svid(below), [below], [top])
    again = ca("top", top)
    assert len(_path(svid(again), [again], [top])) == 3


def test_a_root_must_be_valid_too() -> None:
    """An expired root is no longer trusted."""
    old = ca("old", end=NOW - timedelta(seconds=1))
    with pytest.raises(IdentityError, match="expired"):
        _path(svid(old), roots=[old])


def test_names_that_go_round_in_circles_end() -> None:
    """CAs that vouch for each other and never reach a root are given up quickly."""
    key = ca("a").key
    ring = [ca("a", Pair(ca("a").certificate, key), key=key) for _ in range(MAX_CHAIN - 1)]
    with pytest.raises(IdentityError):
        _path(svid(ring[0]), ring)


def test_the_leaf_has_nothing_unknown_and_critical() -> None:
    """A critical extension that nobody here understands makes a leaf unusable (RFC 5280, 4.2)."""
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    with pytest.raises(IdentityError, match=r"1\.2\.3\.4"):
        _path(svid(ROOT, changes=[(odd, True)]))
    assert _path(svid(ROOT, changes=[(odd, False)]))


def test_the_length_is_bounded() -> None:
    """No chain, and a chain that is too long, are refused at once."""
    bundle = TrustBundle((ROOT.certificate,))
    for chain in ([], [ROOT.certificate] * (MAX_CHAIN + 1)):
        with pytest.raises(IdentityError):
            verify_chain(chain, bundle, NOW)
