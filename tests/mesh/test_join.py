"""The four truths, compared."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.join import join
from meshtui.mesh.snapshot import Mark, Truth

YES, NO, WHO, NIL = Mark.AGREES, Mark.DIFFERS, Mark.UNKNOWN, Mark.ABSENT


def truth(name: str) -> Truth:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    return Truth(
        certificate=CertificateFacts(
            serial=name,
            subject="",
            sans=(),
            issuer="",
            not_before=moment,
            not_after=moment,
            sha256=name,
            key="",
            public_key_sha256="",
        )
    )


A, B, NONE, UNKNOWN = truth("a"), truth("b"), Truth(), Truth(unknown="it did not answer")


@pytest.mark.parametrize(
    ("issued", "held", "served", "marks", "disagreement"),
    [
        (A, A, A, (YES, YES, YES, YES), ""),
        (A, A, None, (YES, YES, YES, NIL), ""),
        (NONE, NONE, NONE, (YES, NO, NO, NO), "desired≠issued"),
        (B, A, A, (YES, YES, NO, YES), "issued≠held"),
        (A, A, B, (YES, YES, YES, NO), "held≠served"),
        (A, A, NONE, (YES, YES, YES, NO), "held≠served"),
        (A, NONE, NONE, (YES, YES, NO, NO), "issued≠held"),
        (A, A, UNKNOWN, (YES, YES, YES, WHO), ""),
        (UNKNOWN, A, A, (YES, WHO, YES, YES), ""),
        (UNKNOWN, A, B, (YES, WHO, YES, NO), "held≠served"),
        (A, UNKNOWN, B, (YES, YES, WHO, NO), "issued≠served"),
    ],
)
def test_the_first_disagreement_is_named(
    issued: Truth, held: Truth, served: Truth | None, marks: tuple[Mark, ...], disagreement: str
) -> None:
    """Each truth is compared with the last known one before it; what is unknown is neither fine nor wrong."""
    joined = join(desired=True, issued=issued, held=held, served=served)
    assert (joined.marks, joined.disagreement) == (marks, disagreement)


def test_nothing_is_wrong_with_what_nobody_wants() -> None:
    """A Secret that no Gateway refers to, empty as it is, disagrees with nothing."""
    joined = join(desired=False, issued=NONE, held=NONE, served=None)
    assert (joined.marks, joined.disagreement) == ((NIL, NIL, NIL, NIL), "")
