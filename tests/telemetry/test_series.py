"""What Prometheus is told of requests: under Istio's labels, and never under a name that a caller chose."""

from __future__ import annotations

from meshtui.mesh.traffic import Call
from meshtui.telemetry.calls import Reported
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.series import LABELS, Series
from tests.telemetry.calling import HTTPBIN, HTTPBIN_ID, SLEEP, SLEEP_ID, call

GATEWAY = "workload/istio-system/gateway"
GATEWAY_ID = "spiffe://cluster.local/ns/istio-system/sa/gateway"
SERVICE = "httpbin.prod.svc.cluster.local"
WHO = Directory(
    identities={HTTPBIN: HTTPBIN_ID, SLEEP: SLEEP_ID, GATEWAY: GATEWAY_ID}, principals="spiffe://cluster.local/"
)


def labels(one: Call, **more: str) -> dict[str, str]:
    series = Series()
    series.add(Reported(one, **more), WHO)
    ((values, _),) = series
    return dict(zip(LABELS, values, strict=True))


def test_labels_are_istios() -> None:
    """Of a call between two workloads, as the destination tells it."""
    expected = {
        "reporter": "destination",
        "source_workload": "sleep",
        "source_workload_namespace": "prod",
        "source_principal": SLEEP_ID,
        "destination_workload": "httpbin",
        "destination_workload_namespace": "prod",
        "destination_principal": HTTPBIN_ID,
        "destination_service": SERVICE,
        "request_protocol": "http",
        "response_code": "200",
        "response_flags": "-",
        "connection_security_policy": "mutual_tls",
    }
    assert expected == labels(call(), service=SERVICE)


def test_plaintext_has_no_security_policy() -> None:
    """`none` at the destination; a source does not know its peer's."""
    plain = call(source="", source_target="", tls="")
    assert labels(plain)["connection_security_policy"] == "none"
    assert labels(plain)["source_principal"] == "unknown"
    assert labels(call(reporter="source"))["connection_security_policy"] == "unknown"


def test_what_a_gateway_sent_on_is_its_own_call() -> None:
    """As in Istio: its client has no part in it."""
    client = call(source="spiffe://clients/x", source_target="", destination=GATEWAY, destination_identity=GATEWAY_ID)
    found = labels(client, service=SERVICE, onward=HTTPBIN)
    assert (
        found["reporter"],
        found["source_workload"],
        found["source_principal"],
    ) == ("source", "gateway", GATEWAY_ID)
    assert (found["destination_workload"], found["destination_principal"]) == ("httpbin", HTTPBIN_ID)


def test_names_that_callers_choose_make_no_series() -> None:
    """Hosts, paths, and certificates of other CAs."""
    series = Series()
    for number in range(50):
        made_up = call(
            source=f"spiffe://clients/{number}",
            source_target="",
            destination=f"{number}.example.com",
            destination_identity="",
            host=f"{number}.example.com",
            path=f"/{number}",
        )
        series.add(Reported(made_up), WHO)
    ((_, duration),) = series
    assert sum(duration.buckets) == 50


def test_series_are_bounded() -> None:
    """What does not fit is counted as dropped."""
    series = Series(most=3)
    for status in range(200, 210):
        series.add(Reported(call(status=status)), WHO)
    assert (len(list(series)), series.dropped) == (3, 7)


def test_durations_fall_into_istios_buckets() -> None:
    """A bound belongs to its bucket."""
    series = Series()
    for milliseconds in (0.1, 0.5, 1.0, 7_000_000.0):
        series.add(Reported(call(milliseconds=milliseconds)), WHO)
    ((_, duration),) = series
    assert [2, 1, *[0] * 17, 1] == duration.buckets
    assert duration.milliseconds == 7_000_001.6
