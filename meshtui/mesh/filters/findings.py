"""What a filter can ask of findings."""

from __future__ import annotations

from meshtui.findings import MESH, Finding, Severity
from meshtui.mesh.filter_fields import Language, TextField
from meshtui.mesh.filters.names import PARTS, names_of, namespace_of
from meshtui.mesh.targets import TargetKind


def _text(finding: Finding) -> str:
    parts = (finding.target or MESH, finding.severity, finding.code, finding.text, finding.fix, *finding.affects)
    return "\0".join(parts).casefold()


def _kind(finding: Finding) -> str:
    """The kind of what it is about: of a target, or of a manifest, `KIND NAMESPACE/NAME`."""
    return finding.target.partition(" ")[0].partition("/")[0] or "mesh"


FINDINGS: Language[Finding] = Language(
    _text,
    {
        "severity": TextField(lambda finding: finding.severity, values=tuple(Severity)),
        "kind": TextField(_kind, values=(*TargetKind, "mesh")),
        "target": TextField(lambda finding: names_of(finding.target), parts=PARTS),
        "ns": TextField(lambda finding: namespace_of(finding.target)),
        "code": TextField(lambda finding: finding.code),
        "affects": TextField(lambda finding: PARTS.join(finding.affects), holds=True, parts=PARTS),
        "text": TextField(lambda finding: finding.text, holds=True),
        "fix": TextField(lambda finding: finding.fix, holds=True),
    },
    examples="severity:critical kind:gateway ns:prod !code:expired",
)
"""What is about no target is of the kind `mesh`."""
