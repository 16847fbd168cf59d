"""What stands or falls with a certificate, in words: who presents it, who trusts it, what it signed, who calls.

Pure. Where the facts are found is each backend's own; that all of them say it alike is decided here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from heapq import nsmallest

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


def trusted(root: CertificateFacts, bundles: Iterable[tuple[Collection[str], Collection[str]]]) -> str:
    """By how many workloads. `bundles` are the SHA-256 of what is believed in, each with the targets that do."""
    trusting, lacking = 0, list[str]()
    for fingerprints, targets in bundles:
        if root.sha256 in fingerprints:
            trusting += len(targets)
        else:
            lacking += targets
    total = _count(trusting + len(lacking), "workload")
    if not trusting:
        return f"trusted by none of {total}: {root.subject} is in no bundle"
    text = f"trusted by {trusting:,} of {total} through {root.subject}"
    return f"{text}; not by {_first(lacking, FEWER)}" if lacking else text


def needed(root: str, known: str) -> str:
    """What clients of a gateway must believe in. `known` says where that is, as `in FILE`; empty where nobody knows."""
    return f"clients need {root}, {known}" if known else f"clients need {root}, which is not known here"


def signed(name: str, below: Mapping[str, Sequence[str]], holders: Mapping[str, Mapping[str, int]]) -> list[str]:
    """What an authority signed that is in service, then what was signed by those that it signed, and so on.

    `below` has the authorities that each signed, `holders` the targets with what it signed, and how much that is.
    """
    lines, waiting = [], deque([name])
    seen = {name}
    while waiting:
        signer = waiting.popleft()
        if found := holders.get(signer):
            through = f" through {signer}" if signer != name else ""
            number = _count(sum(found.values()), "certificate")
            lines.append(f"signed {number} in service{through}: {_first(found, FEW)}")
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
    return _some(names[:most], len(names))


def _first(names: Collection[str], most: int) -> str:
    """The same in the order of the alphabet, of however many."""
    return _some(nsmallest(most, names), len(names))


def _some(names: Sequence[str], total: int) -> str:
    more = total - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
