"""What a filter can ask of entries of the audit."""

from __future__ import annotations

from meshtui.mesh.filter_fields import Language, TextField, TimeField, WordField
from meshtui.mesh.filters.names import PARTS, names_of, namespace_of
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import KINDS

_BY_PEOPLE = ("operator", "configuration")
_OUTCOMES = ("ok", "failed", "refused", "started", "denied")


def text_of(entry: HistoryEntry) -> str:
    """All that words are sought in."""
    said = (entry.kind, entry.target, entry.actor, entry.text, entry.outcome)
    return "\0".join((*said, entry.serial, entry.policy, entry.reason)).casefold()


def _verb(entry: HistoryEntry) -> str:
    """What a person did, in the word that their command has; of all others, nothing."""
    return entry.text.partition(":")[0] if entry.kind in _BY_PEOPLE else ""


ENTRIES: Language[HistoryEntry] = Language(
    text_of,
    {
        "kind": TextField(lambda entry: entry.kind, values=KINDS),
        "by": TextField(lambda entry: names_of("", entry.actor), parts=PARTS),
        "verb": TextField(_verb),
        "target": TextField(lambda entry: names_of(entry.target), parts=PARTS),
        "ns": TextField(lambda entry: namespace_of(entry.target)),
        "outcome": TextField(lambda entry: entry.outcome, values=_OUTCOMES),
        "serial": TextField(lambda entry: entry.serial),
        "policy": TextField(lambda entry: names_of(entry.policy), parts=PARTS),
        "reason": TextField(lambda entry: entry.reason),
        "text": TextField(lambda entry: entry.text, holds=True),
        "at": TimeField(lambda entry: entry.at, forward=False),
        "is": WordField({"trouble": lambda entry: entry.outcome not in ("ok", "started")}),
    },
    examples="by:ana verb:rotate target:httpbin !outcome:ok at<1h",
)
"""`at<1h`: less than an hour ago."""
