"""What a pod's annotations grant its agent."""

from __future__ import annotations

import pytest

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.grants import MOST, Grant
from meshtui.manifest.model import Deployment
from meshtui.manifest.workload import workload_of
from tests.manifest.writing import deployment, document, problems, read, warnings


def granting(**annotations: str) -> Deployment:
    (found,) = read(deployment("a", annotations={f"meshtui.io/{name}": text for name, text in annotations.items()}))
    assert isinstance(found, Deployment)
    return found


def test_identities_and_bundles_are_lists() -> None:
    """Names with commas between them, each identity with the kind of its key if that is not the usual one."""
    workload = workload_of(granting(identities="auditor, reporter = RSA 2048", bundles="partner, other,partner"))
    assert workload is not None
    assert (Grant("auditor"), Grant("reporter", "RSA 2048")) == workload.grants
    assert workload.bundles == ("partner", "other")


def test_nothing_is_granted_by_itself() -> None:
    """Without annotations there is only the workload's own identity."""
    workload = workload_of(granting())
    assert workload is not None
    assert (workload.grants, workload.bundles) == ((), ())


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("identities", "UPPER", "UPPER"),
        ("identities", "other/auditor", "other/auditor"),
        ("identities", "auditor=DSA", "not a kind of key"),
        ("identities", "auditor, auditor=RSA 2048", "twice"),
        ("identities", ",".join(f"a{number}" for number in range(MOST + 1)), "101 names"),
        ("bundles", "a_b", "a_b"),
    ],
)
def test_what_cannot_be_granted_is_a_problem_with_a_place(name: str, text: str, reason: str) -> None:
    """Other namespaces, unknown kinds of keys, doubles and no names are refused before anything is stored."""
    found = problems(deployment("a", annotations={f"meshtui.io/{name}": text}))
    assert any(f"meshtui.io/{name}" in problem and reason in problem for problem in found), found


def test_what_is_granted_but_missing_is_a_warning() -> None:
    """An account or a Secret may come later; until then somebody is told."""
    manifests = read(
        deployment("a", annotations={"meshtui.io/identities": "auditor", "meshtui.io/bundles": "partner, empty"}),
        document("Secret", "empty"),
    )
    said = " ".join(warnings(Catalog.of(manifests)))
    assert "the ServiceAccount prod/auditor does not exist" in said
    assert "the Secret prod/partner does not exist" in said
    assert "Secret prod/empty has no CA certificates" in said
