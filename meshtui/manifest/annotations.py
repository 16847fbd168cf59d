"""Annotations that mean something here, and those that are written nearly like one, and so would do nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from meshtui.manifest import grants, issuance
from meshtui.manifest.authorization_policy import DRY_RUN
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.deployment import PROXY_CONFIG
from meshtui.manifest.gateway_api_tls import TERMINATE_MODE
from meshtui.manifest.model import Deployment
from meshtui.manifest.near import nearest
from meshtui.manifest.secret_readers import SECRETS
from meshtui.manifest.workload import INJECT, TEMPLATES

KNOWN = frozenset(
    {DRY_RUN, PROXY_CONFIG, TERMINATE_MODE, SECRETS, INJECT, TEMPLATES}
    | {grants.IDENTITIES, grants.BUNDLES}
    | {issuance.ISSUER, issuance.LIFETIME, issuance.KEY, issuance.ROTATION, issuance.ROOTS}
)
"""All that are read, of any kind of object."""


def misspelt(catalog: Catalog) -> tuple[str, ...]:
    """`KIND NAMESPACE/NAME: PATH: REASON` for each annotation that is nearly one that is known."""
    return tuple(
        f"{item.key}: {reason}"
        for item in catalog
        for reason in (
            *_reasons(item.metadata.annotations, "metadata.annotations"),
            *(_of_pods(item) if isinstance(item, Deployment) else ()),
        )
    )


def _of_pods(deployment: Deployment) -> Iterator[str]:
    return _reasons(deployment.pod_annotations, "spec.template.metadata.annotations")


def _reasons(annotations: Iterable[str], path: str) -> Iterator[str]:
    for name in annotations:
        if name not in KNOWN and (meant := _meant(name)):
            yield f"{path}: nothing reads {name}; did you mean {meant}?"


def _meant(name: str) -> str:
    """Istio has many that are not read here, so one half of the name must be right and the other nearly so."""
    domain, _, last = name.rpartition("/")
    same_domain = {each.rpartition("/")[2] for each in KNOWN if each.rpartition("/")[0] == domain}
    if near := nearest(last, same_domain):
        return f"{domain}/{near}"
    near = nearest(domain, {each.rpartition("/")[0] for each in KNOWN if each.rpartition("/")[2] == last})
    return f"{near}/{last}" if near else ""
