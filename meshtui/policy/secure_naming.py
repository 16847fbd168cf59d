"""Secure naming: which SPIFFE IDs may answer for a service, from the service accounts of the workloads behind it."""

from __future__ import annotations

from meshtui.identity.spiffe import SpiffeId
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Service
from meshtui.manifest.workload import Workload


def identities_behind(catalog: Catalog, service: Service, trust_domain: str) -> tuple[str, ...]:
    """Every SPIFFE ID that a workload behind a service has, sorted; none when it selects no workload.

    As in Istio it is the service's, not an endpoint's: whoever is behind it may answer for all of it.
    """
    return tuple(sorted({identity_of(workload, trust_domain) for workload in catalog.workloads_of(service)}))


def identity_of(workload: Workload, trust_domain: str) -> str:
    """The SPIFFE ID of a workload."""
    return str(SpiffeId.for_service_account(trust_domain, workload.namespace, workload.service_account))
