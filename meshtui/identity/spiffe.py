"""SPIFFE IDs of workloads. An ID is accepted or rejected as it stands: never normalised, compared as bytes.

The rules are those of the SPIFFE-ID standard, section 2. The ID of a trust domain itself, which has no path,
is not the name of a workload and therefore not a `SpiffeId`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meshtui.errors import IdentityError

MAX_BYTES = 2048
_SCHEME = "spiffe://"
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


def check_trust_domain(text: str) -> str:
    """Give `text` back if it is a trust domain; raises IdentityError otherwise."""
    if not _TRUST_DOMAIN.fullmatch(text):
        raise IdentityError(
            f"{text[:80]!r} is not a trust domain.", fix="Use lower-case letters, digits, '.', '-' and '_', up to 255."
        )
    return text


def check_path_segment(segment: str) -> None:
    """Raises IdentityError if `segment` cannot be one part of a path."""
    if not _SEGMENT.fullmatch(segment) or segment in (".", ".."):
        raise IdentityError(
            f"{segment[:80]!r} cannot stand in the path of a SPIFFE ID.",
            fix="Use letters, digits, '.', '-' and '_'; no empty part, no '.' and no '..'.",
        )


@dataclass(frozen=True, order=True)
class SpiffeId:
    """The name of a workload: `spiffe://TRUST_DOMAIN/PATH`. Cannot be built wrong: raises IdentityError."""

    trust_domain: str
    path: str
    """With its leading slash: `/ns/prod/sa/httpbin`."""

    def __post_init__(self) -> None:
        check_trust_domain(self.trust_domain)
        if not self.path.startswith("/"):
            raise IdentityError(
                f"{str(self)[:80]!r} names no workload.", fix="Write spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/NAME."
            )
        for segment in self.path[1:].split("/"):
            check_path_segment(segment)
        if len(str(self)) > MAX_BYTES:
            raise IdentityError(f"A SPIFFE ID of {len(str(self))} bytes is too long.", fix=f"Use up to {MAX_BYTES}.")

    def __str__(self) -> str:
        return f"{_SCHEME}{self.trust_domain}{self.path}"

    @classmethod
    def parse(cls, text: str) -> SpiffeId:
        """Read `spiffe://…` exactly as it stands; raises IdentityError."""
        if len(text) > MAX_BYTES:
            raise IdentityError(f"A SPIFFE ID of {len(text)} characters is too long.", fix=f"Use up to {MAX_BYTES}.")
        if not text.startswith(_SCHEME):
            raise IdentityError(
                f"{text[:80]!r} is not a SPIFFE ID.", fix="Write spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/NAME."
            )
        trust_domain, slash, path = text[len(_SCHEME) :].partition("/")
        return cls(trust_domain, slash + path)

    @classmethod
    def for_service_account(cls, trust_domain: str, namespace: str, service_account: str) -> SpiffeId:
        """The ID that Istio gives a service account: `/ns/NAMESPACE/sa/NAME`."""
        for part in (namespace, service_account):
            check_path_segment(part)
        return cls(trust_domain, f"/ns/{namespace}/sa/{service_account}")

    def _service_account(self) -> tuple[str, str]:
        match self.path.split("/"):
            case ["", "ns", namespace, "sa", name]:
                return namespace, name
        return "", ""

    @property
    def namespace(self) -> str:
        """Of the service account; empty for an ID of another form."""
        return self._service_account()[0]

    @property
    def service_account(self) -> str:
        """Name of the service account; empty for an ID of another form."""
        return self._service_account()[1]
