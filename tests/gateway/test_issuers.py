"""To which root a chain leads."""

from __future__ import annotations

from meshtui.gateway.issuers import Roots, root_above
from tests.gateway.edges import MIDDLE, ROOT, ROOTS, leaf


def test_a_chain_leads_to_a_root_over_what_is_known() -> None:
    """Its own intermediates first, then those that others know; nothing is made up for one that nobody knows."""
    short = (leaf(issuer=MIDDLE).certificate,)
    assert root_above((*short, MIDDLE.certificate), ROOTS) == ROOT.certificate
    assert root_above(short, Roots([MIDDLE.certificate]), ROOTS) == ROOT.certificate
    assert root_above(short, ROOTS) is None


def test_a_chain_that_ends_in_a_root_needs_that_one() -> None:
    """Known or not; and what stands at the end of what is known is a root, whoever signed it."""
    assert root_above((leaf().certificate, ROOT.certificate)) == ROOT.certificate
    assert root_above((leaf(issuer=MIDDLE).certificate,), Roots([MIDDLE.certificate])) == MIDDLE.certificate
