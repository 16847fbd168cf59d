"""How an agent alone stands, as a value: what its health page answers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meshtui.agent.states import Failed, SvidState, ready_of


@dataclass(frozen=True)
class Health:
    """Whether the agent does what it is for, and what is in its way."""

    ready: bool
    """Holds a certificate that is valid now."""
    reason: str
    """Why it is not ready or, when it is, what will stop it from being so; empty when all is well."""
    seconds_left: float | None
    """Of the certificate in service, negative after its end; None without one."""


def health(state: SvidState, problem: str, now: datetime) -> Health:
    """`problem` is what else is wrong, and does not make an agent unready that serves."""
    held = ready_of(state)
    failure = state.error if isinstance(state, Failed) else ""
    if held is None:
        return Health(False, failure or "There is no certificate yet.", None)
    left = (held.svid.leaf.not_valid_after_utc - now).total_seconds()
    if left <= 0:
        ended = f"The certificate {held.svid.facts.serial} expired at {held.svid.facts.not_after.isoformat()}."
        return Health(False, f"{ended} {failure}".rstrip(), left)
    return Health(True, f"{failure} {problem}".strip(), left)
