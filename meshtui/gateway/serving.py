"""What Envoy presents, compared with what the Secret holds. Pure."""

from __future__ import annotations

from meshtui.findings import Severity
from meshtui.gateway.flaws import Code, Flaw


def serving_flaw(held: str, served: str, refused: str, target: str) -> Flaw:
    """Why a gateway does not present what the Secret holds.

    `held` and `served` are serials, `served` empty while Envoy has none in service; `refused` are Envoy's own words
    for what it did not take, empty when it refused nothing.
    """
    words = f" Envoy rejected it: {refused}" if refused else ""
    fix = f"meshtui verify {target} shows what the wire presents; meshtui rotate {target} brings another."
    if not served:
        text = f"Envoy still waits for the Secret's certificate {held}, and serves nobody under its hosts.{words}"
        return Flaw(Code.WAITING, Severity.CRITICAL, text, fix)
    text = f"The Secret holds {held}, but Envoy still serves {served}.{words}"
    return Flaw(Code.NOT_SERVED, Severity.CRITICAL, text, fix)
