"""Label selectors, as Kubernetes has them for namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshtui.manifest.fields import Fields
from meshtui.manifest.names import label_key_problem, label_value_problem

_WITH_VALUES = ("In", "NotIn")
_WITHOUT = ("Exists", "DoesNotExist")


@dataclass(frozen=True)
class Requirement:
    """What is asked of one label."""

    key: str
    operator: str
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: tuple[str, ...] = ()

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels are as it asks."""
        if self.operator == "In":
            return labels.get(self.key) in self.values
        if self.operator == "NotIn":
            return labels.get(self.key) not in self.values
        return (self.key in labels) == (self.operator == "Exists")


@dataclass(frozen=True)
class LabelSelector:
    """Selects what has all of the labels and fits all of the requirements; everything when there are none."""

    labels: Mapping[str, str] = field(default_factory=dict)
    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether it selects something with these labels."""
        return self.labels.items() <= labels.items() and all(each.fits(labels) for each in self.requirements)


def read_selector(fields: Fields) -> LabelSelector:
    """Read a label selector."""
    with fields:
        labels = fields.text_map("matchLabels", key=label_key_problem, value=label_value_problem)
        return LabelSelector(labels, tuple(map(_requirement, fields.items("matchExpressions"))))


def _requirement(fields: Fields) -> Requirement:
    with fields:
        key = fields.text("key", required=True, check=label_key_problem)
        operator = fields.text("operator", required=True, choices=(*_WITH_VALUES, *_WITHOUT))
        values = fields.texts("values", check=label_value_problem)
        if operator in _WITH_VALUES and not values:
            fields.problem("values", f"required for {operator}, and missing")
        if operator in _WITHOUT and values:
            fields.problem("values", f"has no meaning for {operator}")
        return Requirement(key, operator, values)
