"""Columns that a person names are those that lists have, and a wrong name costs no other one."""

from __future__ import annotations

import pytest

from meshtui.chosen_columns import COLUMNS, read_columns
from meshtui.mesh.rows import View
from meshtui.present.audit import AUDIT
from meshtui.present.columns import Column
from meshtui.present.findings import FINDINGS
from meshtui.present.policies import POLICIES
from meshtui.present.rows import COLUMNS as OF_ROWS
from meshtui.present.traffic import TRAFFIC
from meshtui.present.trust_tree import TREE


def test_they_are_the_columns_of_the_lists() -> None:
    """Whatever a list can show can be named, and nothing else."""
    lists: dict[str, tuple[Column, ...]] = {
        **{view: OF_ROWS[view] for view in (View.IDENTITIES, View.WORKLOADS, View.GATEWAYS)},
        "authorities": TREE.columns,
        "policies": POLICIES.columns,
        "traffic": TRAFFIC.columns,
        "audit": AUDIT.columns,
        "findings": FINDINGS.columns,
    }
    assert COLUMNS.keys() == {str(name) for name in lists}
    for name, columns in lists.items():
        assert sorted(COLUMNS[name]) == sorted(column.key for column in columns)


def test_the_order_is_the_persons() -> None:
    """As it was written."""
    chosen, problems = read_columns({"identities": ["left", "target"], "traffic": ["call"]})
    assert (chosen, problems) == ({"identities": ("left", "target"), "traffic": ("call",)}, [])


@pytest.mark.parametrize(
    ("value", "applies", "words"),
    [
        (["left", "size", "state"], ("left", "state"), "identities has no column 'size'. It has target, "),
        (["left", "state", "left"], ("left", "state"), "'left' is there more than once."),
        (["size"], None, "has no column 'size'"),
        ("left", None, '\'left\' is no list of columns such as ["target", "left"].'),
        ([], None, "[] is no list of columns"),
        (["left", 7], None, "['left', 7] is no list of columns"),
    ],
)
def test_a_mistake_is_told_with_its_value(value: object, applies: tuple[str, ...] | None, words: str) -> None:
    """What is right in the same list applies, and so do the other lists."""
    chosen, ((place, text),) = read_columns({"identities": value, "audit": ["when"]})
    assert chosen.pop("audit") == ("when",)
    assert (chosen.get("identities"), place) == (applies, "identities")
    assert words in text


def test_there_are_no_other_lists() -> None:
    """Those that there are, are told."""
    chosen, ((place, text),) = read_columns({"pods": ["left"]})
    assert (chosen, place) == ({}, "pods")
    assert text.startswith("There is no such list. There are: identities, ")
