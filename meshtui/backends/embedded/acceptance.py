"""What is refused of manifests, or warned of, before anything changes: one answer for plans and for what is applied."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.gateway.listeners import listeners_of
from meshtui.manifest.annotations import misspelt
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.client_roots import roots_problem
from meshtui.manifest.dangling import dangling
from meshtui.manifest.model import Manifest
from meshtui.manifest.pairs import pair_problem
from meshtui.policy.oversights import warnings
from meshtui.policy.unenforceable import unenforceable
from meshtui.xds.unsupported import unsupported


def problems_of(objects: Sequence[Manifest], after: Catalog) -> tuple[str, ...]:
    """Why these objects cannot be added to a mesh, whose catalog they are in `after`; empty when they can."""
    return (
        *after.problems(),
        *filter(None, map(pair_problem, objects)),
        *filter(None, map(roots_problem, objects)),
        *(problem for each in objects for problem in unsupported(each)),
        *unenforceable(after),
    )


def warnings_of(catalog: Catalog, trust_domain: str) -> tuple[str, ...]:
    """What is accepted and has no effect: what refers to nothing, or to what it may not have; policies whose effect
    can hardly be meant; and annotations that nothing reads.
    """
    forbidden = (
        f"{listener.binding.gateway.key}: {each.reason}. {each.fix}"
        for listener in listeners_of(catalog)
        for each in listener.forbidden
    )
    lacking = (each.text for each in catalog.derived(dangling))
    return (*lacking, *dict.fromkeys(forbidden), *warnings(catalog, trust_domain), *catalog.derived(misspelt))
