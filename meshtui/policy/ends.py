"""Who is meant by the two ends of a question about access, and by its port: workloads, identities, or nobody at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from meshtui.errors import UsageError
from meshtui.identity.spiffe import SpiffeId
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Service
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.client_tls import SPEAKING
from meshtui.policy.matching import SCHEME
from meshtui.policy.secure_naming import identity_of

PLAINTEXT = "plaintext"
"""Somebody without an identity."""
_FORMS = "Write workload/NAMESPACE/NAME, a spiffe:// ID, or plaintext for a caller without an identity."
_FIX = "See what there is: meshtui status"


@dataclass(frozen=True)
class Caller:
    """Who calls."""

    workload: Workload | None = None
    """None for an identity that no workload has, and for plaintext."""
    identity: str = ""
    """SPIFFE ID that it can prove; empty for plaintext."""

    @property
    def by_proxy(self) -> bool:
        """Whether a proxy of the mesh speaks for it."""
        return self.workload is not None and self.workload.proxy in SPEAKING

    def own_identity(self, trust_domain: str) -> str:
        """Its SPIFFE ID, whether it can prove it or not; empty for plaintext."""
        return identity_of(self.workload, trust_domain) if self.workload is not None else self.identity

    @property
    def name(self) -> str:
        """What a sentence calls it."""
        if self.workload is not None:
            return self.workload.target
        return self.identity or "the caller"


def caller_named(catalog: Catalog, text: str, trust_domain: str) -> Caller:
    """The caller that `text` means; an identity may be one that nobody in the mesh has. Raises UsageError."""
    if text == PLAINTEXT:
        return Caller()
    if not text.startswith(SCHEME):
        return caller_of(_workload(catalog, text), trust_domain)
    having = workloads_with(catalog, SpiffeId.parse(text), trust_domain)
    # they share an account and so a namespace: to the other end they are one
    speaking = [each for each in having if each.proxy in SPEAKING]
    return Caller(workload=speaking[0] if speaking else None, identity=text)


def caller_of(workload: Workload, trust_domain: str) -> Caller:
    """A workload as it calls: with its identity if a proxy proves that for it, else in plaintext."""
    return Caller(workload, identity_of(workload, trust_domain) if workload.proxy in SPEAKING else "")


def destination_named(catalog: Catalog, text: str, trust_domain: str) -> Workload:
    """The workload that `text` means: its target, or an identity that it alone has. Raises UsageError."""
    if text == PLAINTEXT:
        raise UsageError("plaintext is a way to call, and nobody who could be called.", fix="Name a workload.")
    if not text.startswith(SCHEME):
        return _workload(catalog, text)
    having = workloads_with(catalog, SpiffeId.parse(text), trust_domain)
    if len(having) != 1:
        targets = ", ".join(each.target for each in having)
        many = f"{len(having)} workloads have it: {targets}" if having else "no workload has it"
        raise UsageError(f"{text} does not name one workload; {many}.", fix=f"Name the target. {_FIX}")
    return having[0]


def workloads_with(catalog: Catalog, identity: SpiffeId, trust_domain: str) -> tuple[Workload, ...]:
    """Those whose identity it is, by name."""
    if identity.trust_domain != trust_domain:
        return ()
    return tuple(catalog.derived(_by_account).get((identity.namespace, identity.service_account), ()))


def way_to(catalog: Catalog, destination: Workload, port: int) -> tuple[Service | None, int]:
    """The Service through which a workload is called, and its port: the one asked for, or the first (`port` is 0).

    `port` may be the Service's or the workload's. Without a Service there is only the workload's own port. Raises
    UsageError for a port that neither has.
    """
    ways = [(service, each) for service in catalog.services_of(destination) for each in service.ports]
    own = {each.port: each.name for each in destination.ports}
    for service, each in ways:
        if port in (0, each.port):
            return service, each.port
    for service, each in ways:
        if port in own and each.target_port in (port, own[port]):
            return service, each.port
    if port == 0 or port in own:
        return None, port or destination.inbound_port
    known = [f"{each.port} ({service.key})" for service, each in ways] + [str(number) for number in own]
    raise UsageError(
        f"{destination.target} has no port {port}.", fix=f"It has {', '.join(known)}." if known else "It has none."
    )


def _workload(catalog: Catalog, text: str) -> Workload:
    # as lists show it: prod/sleep
    target = f"workload/{text}" if text.count("/") == 1 else text
    found = catalog.workload(target)
    if found is not None:
        return found
    if target.startswith("workload/"):
        raise UsageError(f"There is no {target} in this mesh.", fix=_FIX)
    raise UsageError(f"{text!r} is neither a workload nor an identity.", fix=_FORMS)


def is_enforcing(workload: Workload) -> bool:
    """Whether a proxy stands before it, which is where policies are enforced."""
    return workload.proxy in (Proxy.SIDECAR, Proxy.GATEWAY)


def _by_account(catalog: Catalog) -> Mapping[tuple[str, str], list[Workload]]:
    found: dict[tuple[str, str], list[Workload]] = defaultdict(list)
    for workload in catalog.workloads():
        found[workload.namespace, workload.service_account].append(workload)
    return found
