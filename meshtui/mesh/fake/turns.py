"""How a row of the fake mesh goes through an issue or a rotation: one row for every step of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from meshtui.mesh.fake.certificates import LIFETIME
from meshtui.mesh.rows import Row, Step
from meshtui.mesh.snapshot import Mark, RotationState

TEXTS = {
    Step.KEY: "a new key and a CSR were made",
    Step.SIGNED: "the CA signed it",
    Step.PUSHED: "the new secret was pushed",
    Step.VERIFYING: "asking the wire",
    Step.SERVED: "the wire presents it",
}
"""What each step says of itself."""


def renewed(row: Row, serial: str, now: datetime) -> Row:
    """The row with a new certificate, which lives as long as the one before it and is due at the same share of it."""
    length = LIFETIME if row.issued_at is None or row.not_after is None else row.not_after - row.issued_at
    share = 0.5 if row.due_at is None or row.issued_at is None else (row.due_at - row.issued_at) / length
    return replace(
        row,
        serial=serial,
        issued_at=now,
        due_at=now + length * share,
        not_after=now + length,
        issuer=row.issuer or "intermediate-2",
    )


def turns(row: Row, after: Row) -> Iterator[tuple[Step, Row]]:
    """Every step of replacing the certificate of `row` by that of `after`, and the row as it is then."""
    served = row.truths[3] is not Mark.ABSENT or row.served_by.startswith("envoy")
    last = Mark.AGREES if served else Mark.ABSENT
    here, differs = Mark.AGREES, Mark.DIFFERS

    working = replace(row, state=RotationState.ROTATING, step=Step.KEY)
    yield Step.KEY, working
    yield Step.SIGNED, replace(working, step=Step.SIGNED, truths=(here, here, differs, row.truths[3]))
    held = replace(
        working,
        step=Step.PUSHED,
        truths=(here, here, here, differs if served else Mark.ABSENT),
        identity=after.identity,
        serial=after.serial,
        issued_at=after.issued_at,
        due_at=after.due_at,
        not_after=after.not_after,
        issuer=after.issuer,
        previous=after.previous,
        last_error="",
        disagreement="",
    )
    yield Step.PUSHED, held
    yield Step.VERIFYING, replace(held, step=Step.VERIFYING)
    yield (
        Step.SERVED,
        replace(
            held,
            state=RotationState.FRESH,
            step=None,
            truths=(here, here, here, last),
            served_serial=after.serial if served else "",
        ),
    )


def failed(row: Row, error: str) -> Row:
    """The row after an attempt that came to nothing: what it had, it keeps."""
    return replace(row, state=RotationState.FAILED, step=None, last_error=error)
