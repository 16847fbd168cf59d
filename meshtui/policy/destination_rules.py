"""Which DestinationRule decides how a client's proxy speaks TLS to a service.

Istio's order of looking (`PushContext.destinationRule`): the client's namespace, the service's, the root namespace;
the first of them with a rule for the host decides, and the others are not asked. Within a namespace the most specific
host wins, whatever it says; of several rules for that host the oldest that has TLS settings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.hosts import covers
from meshtui.manifest.model import Service
from meshtui.manifest.policy_model import ROOT_NAMESPACE, ClientTls, DestinationRule


def rule_for(catalog: Catalog, client_namespace: str, service: Service) -> DestinationRule | None:
    """The rule that stands for calls from a namespace to a service; None when there is none."""
    for namespace in dict.fromkeys((client_namespace, service.namespace, ROOT_NAMESPACE)):
        if found := _most_specific(catalog.derived(_by_namespace).get(namespace, {}), service.full_name):
            return next((rule for rule in found if rule.tls is not None or rule.port_tls), found[0])
    return None


def tls_of(rule: DestinationRule, port: int) -> ClientTls | None:
    """What a rule says of one port of the service; None leaves it to auto mTLS."""
    return rule.port_tls.get(port, rule.tls)


def _most_specific(rules: Mapping[str, list[DestinationRule]], host: str) -> list[DestinationRule]:
    """A name comes before wildcards, and of those the longest comes first."""
    fitting = (each for each in rules if covers(each, host))
    return rules.get(max(fitting, key=lambda each: (each == host, len(each)), default=""), [])


def _by_namespace(catalog: Catalog) -> Mapping[str, Mapping[str, list[DestinationRule]]]:
    found: dict[str, dict[str, list[DestinationRule]]] = defaultdict(lambda: defaultdict(list))
    for rule in catalog.oldest_first(DestinationRule):
        found[rule.namespace][rule.host].append(rule)
    return found
