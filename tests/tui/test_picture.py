"""Pictures of views."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from meshtui.errors import UnreachableError, UsageError
from meshtui.mesh.fake import FakeMesh
from meshtui.tui.picture import take
from meshtui.tui.svg import portable
from meshtui.tui.themes import DARK, LIGHT
from tests.tui.console import Clock

SHOP = "gateway/istio-system/shop-credential"
SMALL = (100, 30)


def words(svg: str) -> str:
    """All words of a picture, in its order."""
    return " ".join(text for text in ElementTree.fromstring(svg).itertext() if text.strip()).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("overview", "FINDINGS"),
        ("gateways", "SECRET"),
        ("authorities", "└─"),
        ("findings", "FINDING"),
        ("policies", "without effect"),
        ("traffic", "OUTCOME"),
        ("audit", "configuration"),
        ("matrix", "FROM / TO"),
        ("help", "THE LIST"),
        (SHOP, "first disagreement"),
        (f"verify {SHOP}", "2 of 6 checks failed"),
        (f"rotate {SHOP}", "Rotate 1 identity"),
    ],
)
async def test_every_kind_of_view_can_be_taken(view: str, expected: str) -> None:
    """Lists, help, details, verifications and plans are pictures, well-formed and with nothing from the network."""
    svg = await take(FakeMesh(now=Clock()), view, SMALL, now=Clock())
    assert expected in words(svg)
    # what stands between tags is shown, not fetched: a command for curl, say
    assert "://" not in re.sub(r">[^<]*</text>", ">", re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", svg))


@pytest.mark.parametrize("view", ["overview", "identities", "traffic", "matrix"])
async def test_a_picture_is_the_same_every_time(view: str) -> None:
    """With the clock stopped, two pictures are equal to the byte, and the mesh is still open."""
    mesh = FakeMesh(now=Clock())
    one, other = [await take(mesh, view, SMALL, LIGHT, now=Clock()) for _ in range(2)]
    assert one == other
    assert (await mesh.info()).backend == "fake"


@pytest.mark.parametrize(
    ("view", "theme"),
    [
        ("nonsense", DARK),
        ("verify help", DARK),
        ("identities", "pink"),
        (f"issue {SHOP}", DARK),
        ("workload/no/body", DARK),
    ],
)
async def test_what_cannot_be_pictured_is_a_usage_error(view: str, theme: str) -> None:
    """An unknown view, target or theme, and a plan that the mesh refuses, are named."""
    with pytest.raises(UsageError):
        await take(FakeMesh(now=Clock()), view, SMALL, theme, now=Clock())


async def test_a_mesh_that_does_not_answer_has_no_picture() -> None:
    """No picture of an error is made."""
    mesh = FakeMesh(now=Clock())
    mesh.silence()
    with pytest.raises(UnreachableError):
        await take(mesh, "identities", SMALL, now=Clock())


def test_words_of_a_picture_have_places_of_their_own() -> None:
    """What two spaces part becomes two texts, each at its cell, and spaces at the edges are not drawn."""

    def text(x: str, length: str, content: str) -> str:
        return f'<text class="r1" x="{x}" y="20" textLength="{length}" clip-path="url(#l)">{content}</text>'

    before = text("0", "122", "&#160;a&amp;b&#160;c&#160;&#160;&#160;d")
    assert portable(before) == text("12.2", "61", "a&amp;b&#160;c") + text("109.8", "12.2", "d")
