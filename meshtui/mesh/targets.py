"""How a person names one thing of the mesh: `workload/NAMESPACE/NAME`, `gateway/NAMESPACE/SECRET`,
`authority/NAME`, or a SPIFFE ID.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from meshtui.errors import UsageError

FORMS = "workload/NAMESPACE/NAME, gateway/NAMESPACE/SECRET, authority/NAME or a spiffe:// ID"


_SERIAL = re.compile("[0-9a-f]{1,40}")


class TargetKind(StrEnum):
    """What kind of thing has an identity that can expire."""

    WORKLOAD = "workload"
    GATEWAY = "gateway"
    AUTHORITY = "authority"


@dataclass(frozen=True, order=True)
class Target:
    """One thing of the mesh that has a certificate."""

    kind: TargetKind
    namespace: str
    """Empty for an authority."""
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind.value, self.namespace, self.name) if part)

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read `kind/namespace/name`; raises UsageError for any other form (SPIFFE IDs are resolved by the mesh)."""
        kind, *rest = text.split("/")
        if kind in (TargetKind.WORKLOAD, TargetKind.GATEWAY) and len(rest) == 2 and all(rest):
            return cls(TargetKind(kind), rest[0], rest[1])
        if kind == TargetKind.AUTHORITY and len(rest) == 1 and rest[0]:
            return cls(TargetKind.AUTHORITY, "", rest[0])
        raise UsageError(f"{text!r} is not a target.", fix=f"A target is {FORMS}.")


def serial_in(text: str) -> str:
    """The serial number that `text` is, as this program writes them; empty when it is something else.

    openssl writes them in upper case, browsers with colons.
    """
    digits = text.replace(":", "").lower()
    return digits.zfill(len(digits) + len(digits) % 2) if _SERIAL.fullmatch(digits) else ""


def has_target_form(text: str) -> bool:
    """Whether `text` is meant as a target rather than as a file or an address."""
    return text.startswith("spiffe://") or (text.split("/", maxsplit=1)[0] in set(TargetKind) and "/" in text)
