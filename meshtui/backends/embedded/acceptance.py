"""What is refused of manifests before it changes anything: one answer for plans and for what is really applied."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.client_roots import roots_problem
from meshtui.manifest.model import Manifest
from meshtui.manifest.pairs import pair_problem
from meshtui.xds.unsupported import unsupported


def problems_of(objects: Sequence[Manifest], catalog: Catalog) -> tuple[str, ...]:
    """Why these objects cannot be added to a catalog; empty when they can."""
    return (
        *catalog.apply(objects).problems(),
        *filter(None, map(pair_problem, objects)),
        *filter(None, map(roots_problem, objects)),
        *(problem for each in objects for problem in unsupported(each)),
    )
