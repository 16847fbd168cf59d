"""Which findings one action ends, read from the sentence that says what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshtui.findings import Finding, Severity
from meshtui.identity.signers import MESH_CA
from meshtui.mesh.actions import Issue, Rotate, Terms, Undo
from meshtui.mesh.remedy import Remedy, action_in, remedy

SHOP = "gateway/prod/shop"
RATINGS = "workload/prod/ratings"


@pytest.mark.parametrize(
    ("fix", "action"),
    [
        (f"meshtui rotate {RATINGS}", Rotate(targets=(RATINGS,))),
        (f"Run: meshtui issue {SHOP}.", Issue(targets=(SHOP,))),
        (f"meshtui undo {SHOP}, and look again", Undo(target=SHOP)),
        (f"meshtui rotate {SHOP}, or bring a pair: --cert FILE --key FILE", Rotate(targets=(SHOP,))),
        (f"meshtui verify {SHOP} shows it; meshtui rotate {SHOP} brings another.", Rotate(targets=(SHOP,))),
        (
            f"meshtui rotate {SHOP} --host a.example.com --host *.example.com",
            Rotate(targets=(SHOP,), terms=Terms(hosts=("a.example.com", "*.example.com"))),
        ),
        (
            f"meshtui rotate {SHOP} --key-kind 'EC P-256', or bring one: --cert FILE --key FILE.",
            Rotate(targets=(SHOP,), terms=Terms(key_kind="EC P-256")),
        ),
        (f"meshtui rotate {SHOP} --mesh-ca", Rotate(targets=(SHOP,), terms=Terms(issuer=MESH_CA))),
        (
            f"meshtui rotate {SHOP} --issuer example.com --lifetime 30d.",
            Rotate(targets=(SHOP,), terms=Terms(issuer="example.com", lifetime=timedelta(days=30))),
        ),
    ],
)
def test_a_complete_command_is_the_action(fix: str, action: Issue | Rotate | Undo) -> None:
    """With its options, however the sentence goes on."""
    assert action_in(fix) == action


@pytest.mark.parametrize(
    "fix",
    [
        "",
        f"It was made elsewhere: meshtui rotate {SHOP} --cert FILE --key FILE, or --issuer NAME",
        f"meshtui verify {SHOP}",
        f"meshtui rotate {SHOP} --cert FILE --key FILE",
        f"meshtui rotate {SHOP} --host a.example.com --cert FILE --key FILE, or --issuer NAME",
        f"meshtui rotate {SHOP} --lifetime soon",
        f"meshtui rotate {SHOP} --host",
        "meshtui rotate",
        "meshtui rotate everything",
        "Don't meshtui",
    ],
)
def test_what_lacks_something_is_left_to_the_person(fix: str) -> None:
    """A file, a name, a target, a value that can be read."""
    assert action_in(fix) is None


def test_of_several_findings_the_first_that_can_be_ended_is() -> None:
    """Worst first, as findings come."""
    told, known = (
        Finding(severity=Severity.CRITICAL, code="x", target=SHOP, text="It is so.", fix=fix)
        for fix in ("Look at it.", f"meshtui rotate {SHOP}")
    )
    assert remedy((told, known)) == Remedy(known, Rotate(targets=(SHOP,)))
    assert remedy((told,)) is None
