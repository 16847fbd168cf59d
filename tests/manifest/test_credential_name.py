"""What a Gateway calls its credentials."""

from __future__ import annotations

import pytest

from meshtui.manifest.credential_name import ca_name_problem, credential_name_problem, reference
from meshtui.manifest.server import Reference

FORMS = "expected NAME, NAMESPACE/NAME, kubernetes://"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("c", Reference("c")),
        ("c.example.com", Reference("c.example.com")),
        ("edge/c", Reference("c", "edge")),
        ("kubernetes://c", Reference("c")),
        ("kubernetes://edge/c", Reference("c", "edge")),
        ("kubernetes-gateway://edge/c", Reference("c", "edge", "Secret", "kubernetes-gateway")),
    ],
)
def test_names_of_secrets(text: str, found: Reference) -> None:
    """Every form in which Istio takes one."""
    assert credential_name_problem(text) == ""
    assert reference(text) == found


def test_a_ca_may_be_in_a_config_map() -> None:
    """A key pair may not."""
    assert ca_name_problem("configmap://edge/c") == ""
    assert reference("configmap://edge/c") == Reference("c", "edge", "ConfigMap", "configmap")
    assert credential_name_problem("configmap://edge/c") == "a ConfigMap holds no key; name a Secret"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", FORMS),
        ("/c", FORMS),
        ("edge/", FORMS),
        ("a/b/c", FORMS),
        ("kubernetes:///c", FORMS),
        ("kubernetes-gateway://c", FORMS),
        ("configmap://c", FORMS),
        ("vault://c", FORMS),
        ("://c", FORMS),
        ("c\n", "expected a lower-case name"),
        ("Edge/c", "expected 1 to 63 of a-z"),
        ("edge/C", "expected a lower-case name"),
        ("a.b/c", "expected 1 to 63 of a-z"),
        ("builtin://", "builtin:// is valid in Istio but not supported here"),
        ("builtin://c", "builtin:// is valid in Istio but not supported here"),
        ("sds://c", "sds:// is valid in Istio but not supported here"),
    ],
)
def test_what_names_nothing(text: str, reason: str) -> None:
    """The forms that there are, or what is wrong with a part."""
    assert credential_name_problem(text).startswith(reason)
    with pytest.raises(ValueError, match="^" + text[:3]):
        reference(text)
