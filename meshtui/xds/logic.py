"""And, or and not over Envoy's two halves of a rule: Principals (who calls) and Permissions (what is asked for).

Both are the same algebra under different field names, so rules are written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from envoy.config.rbac.v3 import rbac_pb2


@dataclass(frozen=True)
class Logic:
    """How one of the halves says and, or and not."""

    make: Callable[..., Any]
    _every: str
    _some: str
    _no: str
    _list: str

    @property
    def always(self) -> Any:
        """What every request is."""
        return self.make(any=True)

    @property
    def never(self) -> Any:
        """What no request is."""
        return self.no(self.always)

    def every(self, parts: Iterable[Any]) -> Any:
        """All of them; of none at all, always."""
        return self._joined(self._every, tuple(parts)) or self.always

    def some(self, parts: Iterable[Any]) -> Any:
        """One of them; of none at all, never."""
        return self._joined(self._some, tuple(parts)) or self.never

    def no(self, part: Any) -> Any:
        """Not this."""
        return self.make(**{self._no: part})

    def among(self, values: Iterable[str], not_values: Iterable[str], match: Callable[[str], Any]) -> tuple[Any, ...]:
        """One of `values` if there are any, and none of `not_values`: what has to hold, each on its own."""
        wanted, unwanted = [match(each) for each in values], [match(each) for each in not_values]
        return (*([self.some(wanted)] if wanted else []), *([self.no(self.some(unwanted))] if unwanted else []))

    def _joined(self, how: str, parts: tuple[Any, ...]) -> Any:
        if len(parts) < 2:
            return parts[0] if parts else None
        return self.make(**{how: {self._list: parts}})


PRINCIPALS = Logic(rbac_pb2.Principal, "and_ids", "or_ids", "not_id", "ids")
PERMISSIONS = Logic(rbac_pb2.Permission, "and_rules", "or_rules", "not_rule", "rules")
