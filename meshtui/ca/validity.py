"""How long a certificate lives, and which limit decided that. Pure: seconds and `now` in, dates out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from meshtui.ca.refusal import Reason, RefusalError

BACKDATE = timedelta(minutes=2)
"""NotBefore lies this far back, for holders and peers whose clock is behind (Istio: ClockSkewGracePeriod)."""

ROOT_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True)
class LifetimeLimits:
    """What a kind of certificate gets when nothing is asked for, and the most that may be asked for."""

    default: timedelta
    maximum: timedelta = timedelta(days=90)
    """Istio's MAX_WORKLOAD_CERT_TTL."""


GATEWAY_LIMITS = LifetimeLimits(default=timedelta(days=90), maximum=timedelta(days=397))
SERVER_LIMITS = LifetimeLimits(default=timedelta(hours=24))
"""Of the CA's own server certificate."""


@dataclass(frozen=True)
class Validity:
    """Dates of a certificate, without fractions of a second (RFC 5280, 4.1.2.5)."""

    not_before: datetime
    not_after: datetime
    limited_by: str
    """What decided `not_after`: `request`, `default` or `signer`."""

    def seconds(self, now: datetime) -> int:
        """Lifetime from `now`, which is what was asked for; NotBefore is back-dated."""
        return round((self.not_after - now.replace(microsecond=0)).total_seconds())


def decide_validity(
    requested_seconds: int, limits: LifetimeLimits, path: Sequence[x509.Certificate], now: datetime
) -> Validity:
    """Zero or less means the default; above the maximum is refused, as Istio does; no end of the path is passed.

    `path` is the signing certificate and all CAs above it. Raises RefusalError.
    """
    check_path(path, now)
    maximum = round(limits.maximum.total_seconds())
    if requested_seconds > maximum:
        raise RefusalError(
            Reason.BAD_LIFETIME,
            f"CSR signing error (requested TTL {_go_duration(requested_seconds)} is greater than"
            f" the max allowed TTL {_go_duration(maximum)})",
        )
    asked = requested_seconds > 0
    wanted = timedelta(seconds=requested_seconds) if asked else min(limits.default, limits.maximum)
    start = now.replace(microsecond=0)
    end = min(start + wanted, *(certificate.not_valid_after_utc for certificate in path))
    limited_by = ("request" if asked else "default") if end == start + wanted else "signer"
    return Validity(start - BACKDATE, end, limited_by)


def check_path(path: Sequence[x509.Certificate], now: datetime) -> None:
    """Raises RefusalError when a certificate of this signer would be worthless now."""
    for ca in path:
        if now >= ca.not_valid_after_utc:
            raise RefusalError(
                Reason.SIGNER_EXPIRED,
                "CSR signing error (the CA cannot sign)",
                detail=f"The CA certificate {_name(ca)} expired at {ca.not_valid_after_utc}.",
            )
        if now < ca.not_valid_before_utc:
            raise RefusalError(
                Reason.SIGNER_EXPIRED,
                "CSR signing error (the CA cannot sign)",
                detail=f"The CA certificate {_name(ca)} is not valid before {ca.not_valid_before_utc};"
                " is the clock right?",
            )


def _name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "(without a name)"


def _go_duration(seconds: int) -> str:
    """`2160h0m1s`, as Istio's CA writes it."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}h{minutes % 60}m{rest}s"
