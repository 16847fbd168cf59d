"""The rows of the fake mesh: a small shop in which everything that can go wrong has gone wrong once."""

from __future__ import annotations

from datetime import datetime, timedelta

from meshtui.mesh.fake.certificates import TRUST_DOMAIN, serial_of
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Mark, RotationState

ENVOY = "envoy 1.40.0"
ALL_AGREE = (Mark.AGREES, Mark.AGREES, Mark.AGREES, Mark.AGREES)
NOTHING_SERVES = (Mark.AGREES, Mark.AGREES, Mark.AGREES, Mark.ABSENT)
NEVER_ISSUED = (Mark.AGREES, Mark.DIFFERS, Mark.ABSENT, Mark.ABSENT)
STUCK_AGENT = (Mark.AGREES, Mark.AGREES, Mark.DIFFERS, Mark.AGREES)
STALE_PROXY = (Mark.AGREES, Mark.AGREES, Mark.AGREES, Mark.DIFFERS)
SILENT_PROXY = (Mark.AGREES, Mark.AGREES, Mark.AGREES, Mark.UNKNOWN)

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def demo_rows(now: datetime) -> tuple[Row, ...]:
    """A dozen workloads, three gateways and three authorities, their times counted from `now`."""
    return (*_troubled(now), *_healthy(now), *_gateways(now), *_authorities(now))


def workload(
    name: str,
    now: datetime,
    *,
    left: timedelta,
    lifetime: timedelta = _DAY,
    state: RotationState = RotationState.FRESH,
    truths: tuple[Mark, Mark, Mark, Mark] = ALL_AGREE,
    served_by: str = ENVOY,
    disagreement: str = "",
    last_error: str = "",
) -> Row:
    """The row of `NAMESPACE/NAME` whose certificate has `left` of `lifetime` to live."""
    namespace, account = name.split("/")
    serial = serial_of("workload", name)
    served = truths[3] is Mark.AGREES
    return Row(
        target=f"workload/{name}",
        identity=f"spiffe://{TRUST_DOMAIN}/ns/{namespace}/sa/{account}",
        truths=truths,
        state=state,
        serial=serial,
        served_serial=serial if served else "",
        issuer="intermediate-2",
        issued_at=now + left - lifetime,
        not_after=now + left,
        due_at=now + left - lifetime / 2,
        served_by=served_by,
        disagreement=disagreement,
        last_error=last_error,
    )


def _troubled(now: datetime) -> tuple[Row, ...]:
    unborn = Row(
        target="workload/batch/loader",
        identity=f"spiffe://{TRUST_DOMAIN}/ns/batch/sa/loader",
        truths=NEVER_ISSUED,
        state=RotationState.FAILED,
        served_by="agent",
        disagreement="desired≠issued",
        last_error='The CA refused: the token is for the audience "kubernetes.default.svc", not "istio-ca".',
    )
    return (
        workload(
            "payments/ledger",
            now,
            left=-3 * _HOUR,
            state=RotationState.EXPIRED,
            last_error="The CA refused: the pod that the token names was deleted.",
        ),
        workload(
            "prod/reviews-v2",
            now,
            left=2 * _MINUTE + timedelta(seconds=10),
            lifetime=10 * _MINUTE,
            state=RotationState.OVERDUE,
            last_error="The CA did not answer within 5s.",
        ),
        workload(
            "prod/ratings-v1",
            now,
            left=9 * _HOUR,
            state=RotationState.OVERDUE,
            truths=STUCK_AGENT,
            disagreement="issued≠held",
            last_error="The agent has not taken the certificate that was issued for it.",
        ),
        workload("payments/checkout", now, left=17 * _HOUR, truths=SILENT_PROXY),
        unborn,
    )


def _healthy(now: datetime) -> tuple[Row, ...]:
    return (
        workload("prod/httpbin", now, left=2 * _MINUTE, lifetime=3 * _MINUTE),
        workload("prod/productpage-v1", now, left=23 * _HOUR + 20 * _MINUTE),
        workload("prod/details-v1", now, left=19 * _HOUR),
        workload("prod/reviews-v1", now, left=11 * _HOUR + 30 * _MINUTE, state=RotationState.DUE),
        workload("prod/reviews-v3", now, left=38 * _MINUTE, lifetime=_HOUR),
        workload("prod/sleep", now, left=14 * _HOUR, truths=NOTHING_SERVES, served_by="agent"),
        workload("istio-system/ingressgateway", now, left=6 * _HOUR + 2 * _MINUTE, lifetime=12 * _HOUR),
    )


def _gateways(now: datetime) -> tuple[Row, ...]:
    def gateway(secret: str, hosts: str, left: timedelta, lifetime: timedelta, **changes: object) -> Row:
        serial = serial_of("gateway", secret)
        fields = {
            "target": f"gateway/istio-system/{secret}",
            "identity": hosts,
            "truths": ALL_AGREE,
            "state": RotationState.FRESH,
            "serial": serial,
            "served_serial": serial,
            "issuer": "example.com",
            "issued_at": now + left - lifetime,
            "not_after": now + left,
            "due_at": now + left - lifetime / 3,
            "served_by": ENVOY,
        }
        return Row(**(fields | changes))  # type: ignore[arg-type]  # the names are checked by msgspec

    return (
        gateway(
            "shop-credential",
            "shop.example.com",
            38 * _MINUTE,
            4 * _HOUR,
            state=RotationState.OVERDUE,
            truths=STALE_PROXY,
            served_serial=serial_of("gateway", "shop-credential", "before"),
            disagreement="held≠served",
            last_error="Envoy rejected the update: Failed to load private key from <inline>.",
        ),
        gateway("httpbin-credential", "httpbin.example.com", 61 * _DAY, 90 * _DAY),
        gateway("api-credential", "api.example.com, v2.api.example.com", 20 * _DAY, 90 * _DAY, state=RotationState.DUE),
    )


def _authorities(now: datetime) -> tuple[Row, ...]:
    def authority(name: str, subject: str, issuer: str, left: timedelta, lifetime: timedelta) -> Row:
        due_at = now + left - lifetime / 5
        return Row(
            target=f"authority/{name}",
            identity=subject,
            truths=NOTHING_SERVES,
            state=RotationState.DUE if due_at <= now else RotationState.FRESH,
            serial=serial_of("authority", name),
            issuer=issuer,
            issued_at=now + left - lifetime,
            not_after=now + left,
            due_at=due_at,
        )

    return (
        authority("root", f"CN=meshtui root,O={TRUST_DOMAIN}", "root", 3640 * _DAY, 3650 * _DAY),
        authority("intermediate-2", f"CN=meshtui intermediate 2,O={TRUST_DOMAIN}", "root", 9 * _DAY, 90 * _DAY),
        authority("example.com", "CN=example.com root,O=example Inc.", "example.com", 335 * _DAY, 365 * _DAY),
    )
