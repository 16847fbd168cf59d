"""What a filter can ask of certificates: of the rows of identities, workloads and gateways."""

from __future__ import annotations

from datetime import datetime

from meshtui.mesh.filter_fields import Language, TextField, TimeField, WordField
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.targets import TargetKind
from meshtui.mesh.trouble import in_trouble


def text_of(row: Row) -> str:
    """All that words are sought in, in lower case; worth keeping by those who filter the same rows again and again."""
    # NUL between the fields: a word must be found inside one of them, not across two
    return "\0".join((row.target, row.identity, row.state, row.serial, row.served_serial, row.last_error)).casefold()


def _namespace(row: Row) -> str:
    parts = row.target.split("/")
    return parts[1] if len(parts) == 3 else ""


def _account(row: Row) -> str:
    return row.identity.rpartition("/sa/")[2] if row.identity.startswith("spiffe://") else ""


def _hosts(row: Row) -> str:
    return row.identity if row.target.startswith(f"{TargetKind.GATEWAY}/") else ""


def _rotating(row: Row) -> bool:
    return row.step is not None or row.state is RotationState.ROTATING


def _left_share(row: Row, now: datetime) -> float | None:
    if row.not_after is None or row.issued_at is None or row.not_after <= row.issued_at:
        return None
    return (row.not_after - now) / (row.not_after - row.issued_at)


def _age_share(row: Row, now: datetime) -> float | None:
    left = _left_share(row, now)
    return None if left is None else 1 - left


CERTIFICATES: Language[Row] = Language(
    text_of,
    {
        "ns": TextField(_namespace),
        "name": TextField(lambda row: row.target.rpartition("/")[2]),
        "kind": TextField(lambda row: row.target.partition("/")[0], values=tuple(TargetKind)),
        "state": TextField(lambda row: row.state, values=tuple(RotationState)),
        "is": WordField(
            {
                "trouble": in_trouble,
                "disagreement": lambda row: bool(row.disagreement),
                "risk": lambda row: row.at_risk,
                "manual": lambda row: row.manual,
                "rotating": _rotating,
            }
        ),
        "sa": TextField(_account),
        "serial": TextField(lambda row: f"{row.serial} {row.served_serial}", parts=" "),
        "host": TextField(_hosts, holds=True, parts=", "),
        "issuer": TextField(lambda row: row.issuer, holds=True),
        "error": TextField(lambda row: row.last_error, holds=True),
        "left": TimeField(lambda row: row.not_after, forward=True, share=_left_share),
        "age": TimeField(lambda row: row.issued_at, forward=False, share=_age_share),
        "due": TimeField(lambda row: row.due_at, forward=True),
    },
    examples="ns:prod !fresh left<24h is:trouble issuer:root",
)
"""All there are. `due` is the time until the rotation is due: below zero when it should have been."""
