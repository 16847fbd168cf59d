"""What a filter can ask of policies."""

from __future__ import annotations

from meshtui.mesh.access import SHORT_KINDS, PolicyRow
from meshtui.mesh.filter_fields import Language, NumberField, TextField, WordField
from meshtui.mesh.filters.names import PARTS

_STATES = ("in force", "dry run", "without effect", "rejected", "pending")
_KINDS = tuple(kind.lower() for kind in SHORT_KINDS)


def _short(row: PolicyRow) -> str:
    return SHORT_KINDS.get(row.kind, "")


def _modes(row: PolicyRow) -> str:
    """Words in capitals of what it says: modes of mTLS, actions."""
    return PARTS.join(word.rstrip(",") for word in row.says.split() if word.isupper())


POLICIES: Language[PolicyRow] = Language(
    lambda row: "\0".join((row.policy, row.says, row.scope, row.state, row.problem, _short(row))).casefold(),
    {
        "kind": TextField(
            lambda row: PARTS.join((row.kind, _short(row))), parts=PARTS, values=(*SHORT_KINDS.values(), *_KINDS)
        ),
        "ns": TextField(lambda row: row.namespace),
        "name": TextField(lambda row: row.name),
        "mode": TextField(_modes, parts=PARTS),
        "says": TextField(lambda row: row.says, holds=True),
        "about": TextField(lambda row: row.scope, holds=True),
        "state": TextField(lambda row: row.state, values=_STATES),
        "problem": TextField(lambda row: row.problem, holds=True),
        "workloads": NumberField(lambda row: row.workloads),
        "decided": NumberField(lambda row: row.decisions),
        "is": WordField({"trouble": lambda row: row.state in ("without effect", "rejected", "pending")}),
    },
    examples="kind:ap ns:prod mode:allow !state:in decided>0",
)
"""`mode` is `strict`, `allow`, `istio_mutual`: what a policy says in capitals."""
