"""What a person means by the name of a target."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.backends.embedded.core import MeshCore
from meshtui.errors import RefusedError, UsageError
from meshtui.mesh.targets import Target, TargetKind


def resolve(core: MeshCore, text: str) -> str:
    """The target that is meant: named as such, or by a SPIFFE ID that only one workload has. Raises UsageError."""
    if text.startswith("spiffe://"):
        found = sorted(target for target, runtime in core.workloads.items() if str(runtime.identity.spiffe_id) == text)
        if len(found) != 1:
            many = f"{len(found)} workloads have it: {', '.join(found)}" if found else "no workload has it"
            raise UsageError(f"{text} does not name one workload; {many}.", fix="Name the target: meshtui status")
        return found[0]
    target = str(Target.parse(text))
    if target not in core.workloads and target not in core.credentials and target not in core.authorities:
        raise UsageError(f"There is no {target} in this mesh.", fix="See what there is: meshtui status")
    return target


def resolve_all(core: MeshCore, texts: Sequence[str]) -> tuple[str, ...]:
    """Each target once, in the order given; authorities are refused. Raises UsageError."""
    targets = tuple(dict.fromkeys(resolve(core, text) for text in texts))
    if not targets:
        raise UsageError("No target was named.", fix="Name one, or use --all.")
    for target in targets:
        refuse_authority(target)
    return targets


def refuse_authority(target: str) -> None:
    """Raises RefusedError for what signs others."""
    if Target.parse(target).kind is TargetKind.AUTHORITY:
        raise RefusedError(
            f"{target} signs others; it is not replaced like a leaf.", fix="Rotate what it signed, one by one."
        )
