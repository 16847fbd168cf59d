"""Who can call whom: for every caller and every workload behind a proxy, how much of what could be asked may pass.

Callers of one identity are asked for once, and so are workloads about which the same policies are: two hundred of each
are forty thousand pairs, and few answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.errors import UsageError
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import DEFAULT_NAMESPACE, Namespace, ObjectKey
from meshtui.manifest.policy_model import AuthorizationPolicy, DestinationRule, RequestAuthentication
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.callers import Callers
from meshtui.policy.conditions import About
from meshtui.policy.connection import Answer, Call, connect, port_of
from meshtui.policy.ends import PLAINTEXT, Caller, caller_of, is_enforcing, way_to
from meshtui.policy.extent import Enforced, Extent, Reached
from meshtui.policy.model import AccessRequest
from meshtui.policy.selection import policies_about

PAIRS_MAX = 100_000


@dataclass(frozen=True)
class Pairs:
    """Who can call whom."""

    sources: tuple[str, ...]
    """`plaintext` and every workload that a proxy speaks for, by name. The others call in plaintext."""
    destinations: tuple[str, ...]
    """Every workload behind a proxy: elsewhere nothing is enforced."""
    reached: tuple[Reached, ...]
    """By destination, then source."""


def who_can_call(catalog: Catalog, namespace: str, trust_domain: str) -> Pairs:
    """All pairs; with a namespace, those of its destinations. Raises UsageError when it is not there, or too much."""
    known = namespace in ("", DEFAULT_NAMESPACE) or catalog.get(ObjectKey(Namespace.kind, "", namespace)) is not None
    if not known:
        raise UsageError(f"There is no namespace {namespace!r}.", fix="See: meshtui get Namespace")
    speaking = [each for each in catalog.workloads() if is_enforcing(each)]
    destinations = [each for each in speaking if namespace in ("", each.namespace)]
    if (pairs := (len(speaking) + 1) * len(destinations)) > PAIRS_MAX:
        raise UsageError(
            f"{len(speaking)} workloads and {len(destinations)} of them to call are {pairs} pairs.",
            fix=f"Up to {PAIRS_MAX} are shown; name a namespace: meshtui explain --matrix -n NAMESPACE",
        )
    callers = [Caller(), *(caller_of(each, trust_domain) for each in speaking)]
    asked = _Asked(catalog, Callers((each.identity for each in callers), trust_domain), trust_domain)
    reached = [each for destination in destinations for each in asked.all(destination, callers)]
    return Pairs(
        sources=(PLAINTEXT, *(each.target for each in speaking)),
        destinations=tuple(each.target for each in destinations),
        reached=tuple(reached),
    )


class _Asked:
    """Answers so far, kept by what they depend on."""

    def __init__(self, catalog: Catalog, callers: Callers, trust_domain: str) -> None:
        self._callers = callers
        self._catalog = catalog
        self._trust_domain = trust_domain
        self._ruling = {rule.namespace for rule in catalog.all(DestinationRule)}
        self._enforced: dict[tuple[object, ...], Enforced] = {}

    def all(self, destination: Workload, callers: list[Caller]) -> list[Reached]:
        """How far each caller comes at one destination."""
        enforced = self._rules_at(destination)
        service, port = way_to(self._catalog, destination, 0)
        answers: dict[tuple[bool, str], Answer] = {}
        found = []
        for caller in callers:
            # proxies speak alike wherever no DestinationRule of their own namespace tells them otherwise
            namespace = caller.workload.namespace if caller.workload is not None else ""
            kind = caller.by_proxy, namespace if namespace in self._ruling else ""
            if kind not in answers:
                call = Call(caller=caller, destination=destination, service=service, service_port=port)
                answers[kind] = connect(self._catalog, call, AccessRequest(port=port_of(call)), self._trust_domain)
            answer = answers[kind]
            if answer.allowed:
                found.append(enforced.reach(caller.identity if answer.request.principal else ""))
            else:
                # that a gateway has its callers outside is not a fault
                extent = Extent.NONE if destination.proxy is Proxy.GATEWAY else Extent.BROKEN
                found.append(Reached(extent, answer.reason))
        return found

    def _rules_at(self, destination: Workload) -> Enforced:
        policies = policies_about(self._catalog, destination, AuthorizationPolicy)
        tokens = any(each.rules for each in policies_about(self._catalog, destination, RequestAuthentication))
        # a gateway has several ports, and its callers have addresses
        known = set() if destination.proxy is Proxy.GATEWAY else {About.PLACE}
        known |= set() if tokens else {About.USER}
        key = (tuple(each.key for each in policies), frozenset(known), destination.inbound_port)
        if key not in self._enforced:
            place = AccessRequest(port=destination.inbound_port)
            self._enforced[key] = Enforced(policies, place, known, self._callers, self._trust_domain)
        return self._enforced[key]
