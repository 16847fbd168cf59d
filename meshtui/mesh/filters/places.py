"""Which language a filter of each list is in, by the name of the list, as settings write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.mesh.filter_fields import Language
from meshtui.mesh.filters.audit import ENTRIES
from meshtui.mesh.filters.calls import PAIRS
from meshtui.mesh.filters.certificates import CERTIFICATES
from meshtui.mesh.filters.findings import FINDINGS
from meshtui.mesh.filters.policies import POLICIES
from meshtui.mesh.rows import View

LANGUAGES: Mapping[str, Language[Any]] = {
    View.IDENTITIES.value: CERTIFICATES,
    View.WORKLOADS.value: CERTIFICATES,
    View.GATEWAYS.value: CERTIFICATES,
    "policies": POLICIES,
    "traffic": PAIRS,
    "audit": ENTRIES,
    "findings": FINDINGS,
}
