"""What stands or falls with a certificate, in words: who presents it, who trusts it, what it signed, who calls.

Pure. Where the facts are found is each backend's own; that all of them say it alike is decided here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from meshtui.identity.facts import CertificateFacts

FEW = 5
"""Names that a line gives; the others it counts."""
FEWER = 3
"""The same of those who lack something, or call."""


def presented(presenters: Sequence[str], addresses: Sequence[str], *, served: bool) -> str:
    """By which proxies, and where; without addresses to whom they call. `served`: that it is known to be so."""
    where = f"at {few(addresses)}" if addresses else "to what it calls"
    return f"{'presented' if served else 'to be presented'} by {few(presenters)} {where}"


def held_alone(sds_socket: str) -> str:
    """Of a certificate that no proxy has; `sds_socket` is where its agent serves it, if it does."""
    text = "nothing presents it: its agent alone holds it"
    return f"{text}, for whoever asks at {sds_socket}" if sds_socket else text


def trusted(root: CertificateFacts, bundles: Iterable[tuple[str, Collection[str]]]) -> str:
    """By how many workloads. `bundles` has each with the SHA-256 of what it believes in, if it has anything yet."""
    total, lacking = 0, []
    for target, fingerprints in bundles:
        total += 1
        if root.sha256 not in fingerprints:
            lacking.append(target)
    if len(lacking) == total:
        return f"trusted by none of {_count(total, 'workload')}: {root.subject} is in no bundle"
    text = f"trusted by {total - len(lacking)} of {_count(total, 'workload')} through {root.subject}"
    return f"{text}; not by {few(sorted(lacking), FEWER)}" if lacking else text


def needed(root: str, known: str) -> str:
    """What clients of a gateway must believe in. `known` says where that is, as `in FILE`; empty where nobody knows."""
    return f"clients need {root}, {known}" if known else f"clients need {root}, which is not known here"


def signed(name: str, below: Mapping[str, Sequence[str]], holders: Mapping[str, Sequence[str]]) -> list[str]:
    """What an authority signed that is in service, then what was signed by those that it signed, and so on.

    `below` has the authorities that each signed, `holders` the targets of what is in service, one for a certificate.
    """
    lines, waiting = [], deque([name])
    seen = {name}
    while waiting:
        signer = waiting.popleft()
        if found := holders.get(signer, ()):
            through = f" through {signer}" if signer != name else ""
            lines.append(f"signed {_count(len(found), 'certificate')} in service{through}: {few(_each_once(found))}")
        more = [each for each in below.get(signer, ()) if each not in seen]
        seen.update(more)
        waiting += more
    return lines or ["signed no certificate in service"]


def called(callers: Sequence[str], since: datetime) -> str:
    """Who called a workload, the most frequent first; an empty name is a caller that proved no identity."""
    names = [each or "callers without an identity" for each in callers]
    return f"called by {few(names, FEWER) or 'nobody'} since {since:%Y-%m-%d %H:%M:%SZ}"


def grouped(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines that begin with the same word as one: `host a.example`, `host b.example` → `host a.example, b.example`."""
    groups: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        kind, _, name = line.partition(" ")
        groups[kind].append(name)
    return tuple(f"{kind} {few(names)}" for kind, names in groups.items())


def few(names: Sequence[str], most: int = FEW) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def _each_once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
