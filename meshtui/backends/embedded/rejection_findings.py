"""What an Envoy refused, as findings: one of its workload, and one of each manifest by which that may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshtui.findings import Finding, Severity
from meshtui.manifest.model import ObjectKey

_TOLD = 5
"""Manifests that are told one by one; where more may be to blame, none of them is likely."""


def rejection_findings(target: str, words: str, blamed: Mapping[ObjectKey, str]) -> Iterator[Finding]:
    """Of the proxy of one workload. `words` are Envoy's; `blamed` has them by manifest."""
    names = tuple(str(key) for key in sorted(blamed))
    because = f" because of {' or '.join(names)}" if 0 < len(names) <= _TOLD else ""
    what = names[0] if len(names) == 1 else "what it refused"
    fix = f"Correct {what} and apply it again; until then the proxy keeps what it had."
    text = f"Envoy rejected its configuration{because}: {words}"
    yield _critical("proxy-rejected", target, text, fix, names)
    if len(names) > _TOLD:
        return
    doubt = "" if len(names) == 1 else " It may also be another of those that changed with it."
    for key, reason in sorted(blamed.items()):
        text = f"{key} is not in force at {target}, whose Envoy rejected it: {reason.rstrip('.')}.{doubt}"
        # no manifest is a target of its own
        yield _critical("manifest-rejected", target, text, fix, (str(key),))


def _critical(code: str, target: str, text: str, fix: str, affects: tuple[str, ...]) -> Finding:
    return Finding(severity=Severity.CRITICAL, code=code, target=target, text=text, fix=fix, affects=affects)
