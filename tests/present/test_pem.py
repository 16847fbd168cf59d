"""Certificates as PEM, to be selected on the screen."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from meshtui.mesh.fake import FakeMesh
from meshtui.present.cells import line_width
from meshtui.present.glyphs import UNICODE
from meshtui.present.pem import pem_lines
from meshtui.present.tones import plain


@pytest.mark.parametrize("width", [40, 80])
async def test_each_certificate_is_whole_and_at_the_margin(width: int) -> None:
    """However narrow, what is selected is the PEM again, its lines only shorter; above it stands whose it is."""
    chain = (await FakeMesh().detail("workload/prod/httpbin")).chain
    lines = [plain(line) for line in pem_lines(chain, width, 1, UNICODE)]
    assert max(map(len, lines)) <= width
    together = "".join("".join(lines).split())
    for link in chain:
        assert "".join(link.pem.split()) in together
        assert (link.certificate.subject or link.certificate.sans[0]).replace(" ", "") in together
    assert lines.count("-----BEGIN CERTIFICATE-----") == lines.count("-----END CERTIFICATE-----") == len(chain)


async def test_what_is_no_pem_is_inert() -> None:
    """Whatever the other end of the socket sends."""
    (link, *_) = (await FakeMesh().detail("workload/prod/httpbin")).chain
    lines = pem_lines([replace(link, pem="\x1b[2J" * 50)], 60, 1, UNICODE)
    assert "\x1b" not in "".join(map(plain, lines))
    assert max(map(line_width, lines)) <= 60
    assert pem_lines([], 60, 1, UNICODE) == []
