"""How objects of the Gateway API refer to others: group, kind, namespace and name, each with its default."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from meshtui.manifest.fields import Fields, shown
from meshtui.manifest.names import host_problem, label_problem, name_problem
from meshtui.manifest.server import Reference


def read_reference(fields: Fields, own_namespace: str, kinds: Sequence[str]) -> Reference:
    """Read a reference to an object of the core group; the first of `kinds` is meant where none is written."""
    with fields:
        read_group(fields, "")
        return Reference(
            kind=fields.text("kind", kinds[0], choices=kinds),
            name=fields.text("name", required=True, check=name_problem),
            namespace=fields.text("namespace", check=label_problem) or own_namespace,
        )


def read_group(fields: Fields, expected: str, elsewhere: Sequence[str] = ()) -> None:
    """Note a group that is another than the one expected."""
    group = fields.text("group", expected, elsewhere=elsewhere, choices=(expected,) if elsewhere else ())
    if group != expected:
        written = expected or '"", the core group'
        fields.problem("group", f"expected {written}, found {shown(group)}")


def hostname_problem(text: str) -> str:
    """Why a text is not a host name of the Gateway API: a DNS name or `*.NAME`, neither `*` nor an IP address."""
    if text == "*":
        return "leave it out for every host"
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return host_problem(text)
    return "expected a DNS name, not an IP address"
