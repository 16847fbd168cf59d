"""Authorities as a tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.overview import Signer
from meshtui.mesh.snapshot import Authority
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.tones import plain
from meshtui.present.trust_tree import branch_name, branch_summary, signed_words, trust_tree

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)


def signer(name: str, issuer: str, issued: int = 0, days: int = 10) -> Signer:
    certificate = CertificateFacts(
        serial="01",
        subject=f"CN={name},O=here",
        sans=(),
        issuer=f"CN={issuer},O=here",
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=days),
        sha256="",
        key="EC P-256",
        public_key_sha256="",
    )
    authority = Authority(
        target=f"authority/{name}", role="root", signing=True, trusted=name != "other", certificate=certificate
    )
    return Signer(authority=authority, issued=issued)


MESH = [
    signer("root", "root", days=900),
    signer("new", "root", issued=5, days=90),
    signer("old", "root", issued=2, days=9),
    signer("leafy", "old", issued=7, days=8),
    signer("other", "elsewhere", issued=3, days=30),
]


@pytest.mark.parametrize(
    ("glyphs", "expected"),
    [
        (UNICODE, ["other", "root", "├─ old", "│  └─ leafy", "└─ new"]),
        (ASCII, ["other", "root", "|- old", "|  `- leafy", "`- new"]),
    ],
)
def test_each_stands_below_the_one_that_signed_it(glyphs: Glyphs, expected: list[str]) -> None:
    """The soonest to expire first among those of one parent; what strangers signed is a root."""
    assert expected == [plain(branch_name(branch, 40, glyphs)).rstrip() for branch in trust_tree(MESH)]


def test_certificates_are_counted_where_they_were_signed_and_above() -> None:
    """A root of which nothing hangs directly still says how much hangs on it."""
    words = {branch.name: signed_words(branch) for branch in trust_tree(MESH)}
    assert words == {
        "other": "signed 3",
        "root": "14 below it",
        "old": "signed 2, 9 with those below",
        "leafy": "signed 7",
        "new": "signed 5",
    }
    assert signed_words(trust_tree([signer("idle", "idle")])[0]) == "signed none"


def test_a_circle_is_a_tree_all_the_same() -> None:
    """Certificates may claim what they like: every authority is shown once."""
    circle = [signer("a", "b", days=1), signer("b", "c", days=2), signer("c", "a", days=3)]
    assert sorted(branch.name for branch in trust_tree(circle)) == ["a", "b", "c"]


def test_what_an_authority_is_called_is_inert() -> None:
    """A name that would move the cursor shows itself."""
    branch = trust_tree([signer("ev\x1b[2Jil", "x")])[0]
    texts = [plain(branch_name(branch, 40, UNICODE)), *map(plain, branch_summary(branch, NOW, 80, UNICODE))]
    assert all(text.isprintable() for text in texts)
    assert "\\x1b[2J" in texts[0]


def test_what_the_mesh_does_not_trust_says_so() -> None:
    """In the words below the list."""
    other, root, *_ = trust_tree(MESH)
    assert "not trusted by the mesh" in plain(branch_summary(other, NOW, 80, UNICODE)[2])
    assert "signs, trusted by the mesh" in plain(branch_summary(root, NOW, 80, UNICODE)[2])
