"""The annotations that say how a Secret's certificate is issued and renewed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from meshtui.manifest.model import Secret
from tests.manifest.writing import document, problems, read


def annotated(**annotations: str) -> dict[str, Any]:
    found = document("Secret", "a")
    found["metadata"]["annotations"] = {f"meshtui.io/{name}": value for name, value in annotations.items()}
    return found


def test_four_annotations_say_it_all() -> None:
    """Who signs, for how long, on which kind of key, and that nobody rotates it by himself; nothing without them."""
    (found,) = read(annotated(issuer="example.com", lifetime="90d", key="RSA 3072", rotation="manual"))
    (plain,) = read(annotated())
    assert isinstance(found, Secret)
    assert isinstance(plain, Secret)
    assert (found.issuer, found.lifetime, found.key_kind, found.rotation) == (
        "example.com",
        timedelta(days=90),
        "RSA 3072",
        "manual",
    )
    assert (plain.issuer, plain.lifetime, plain.key_kind, plain.rotation) == ("", None, "", "")


def test_the_meshs_ca_is_an_issuer_by_a_name_of_its_own() -> None:
    """`mesh/ca`, which no gateway root can be called."""
    (found,) = read(annotated(issuer="mesh/ca"))
    assert isinstance(found, Secret)
    assert found.issuer == "mesh/ca"


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        ("issuer", "../root", 'found "../root"'),
        ("issuer", "root", "root is an authority of the mesh; name a gateway root, such as example.com, or mesh/ca"),
        ("issuer", "intermediate-2", "intermediate-2 is an authority of the mesh"),
        ("lifetime", "for ever", "'for ever' is not a duration"),
        ("lifetime", "1s", "too short a lifetime"),
        ("key", "RSA 1024", 'expected one of EC P-256, EC P-384, RSA 2048, RSA 3072, RSA 4096; found "RSA 1024"'),
        ("roots", "hello", "PEM"),
        ("rotation", "never", 'expected one of manual, undone; found "never"'),
    ],
)
def test_what_means_nothing_is_refused_with_its_place(annotation: str, value: str, words: str) -> None:
    """A typing error must not turn into a certificate that nobody renews."""
    (problem,) = problems(annotated(**{annotation: value}))
    assert problem.startswith(f'metadata.annotations["meshtui.io/{annotation}"]: ')
    assert words in problem
