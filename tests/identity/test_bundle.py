"""A trust bundle is a set of CA certificates."""

from __future__ import annotations

import pytest

from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.inspect import facts
from tests.identity.forge import ca, svid

ONE, TWO = ca("one"), ca("two")


def test_equality_is_by_contents() -> None:
    """Order and repetition do not make a bundle another one."""
    assert TrustBundle.parse(ONE.pem + TWO.pem) == TrustBundle.parse(TWO.pem + ONE.pem + TWO.pem)
    assert hash(TrustBundle.parse(ONE.pem + TWO.pem)) == hash(TrustBundle.parse(TWO.pem + ONE.pem))
    assert TrustBundle.parse(ONE.pem) != TrustBundle.parse(TWO.pem)
    assert TrustBundle.parse(ONE.pem) != "bundle"


def test_its_pem_reads_back() -> None:
    """The written form is the bundle again."""
    bundle = TrustBundle.parse(ONE.pem + TWO.pem)
    assert bundle == TrustBundle.parse(bundle.pem)
    assert ONE.certificate in bundle
    assert bundle.fingerprints == {facts(pair.certificate).sha256 for pair in (ONE, TWO)}


@pytest.mark.parametrize("pem", ["", svid(ONE).pem, ONE.pem + svid(ONE).pem])
def test_only_cas_are_trusted(pem: str) -> None:
    """No bundle is empty or trusts a leaf."""
    with pytest.raises(IdentityError):
        TrustBundle.parse(pem)
