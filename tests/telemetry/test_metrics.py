"""The page that Prometheus reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from meshtui.telemetry.calls import Reported
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.metrics import Metrics, Readings
from meshtui.telemetry.pushes import Pushes
from meshtui.telemetry.series import Series
from meshtui.wire.discovery import LISTENER, Accepted, Rejected
from tests.telemetry.calling import call

READINGS = Readings(
    issued=7, refused={"bad-csr": 2}, root_expiry=1.5e9, proxies=3, uncounted=4, lost=5, version="1.2.3"
)


def samples(
    series: Series, pushes: Pushes, readings: Readings = READINGS
) -> dict[str, list[tuple[dict[str, str], float]]]:
    page = Metrics(series, pushes, lambda: readings).page().decode()
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_page_is_what_prometheus_reads() -> None:
    """Requests and their durations agree; the CA and the configuration under Istio's names."""
    series, pushes = Series(), Pushes()
    for milliseconds in (3.0, 700.0):
        series.add(Reported(call(milliseconds=milliseconds)), Directory())
    pushes.hear(Accepted(LISTENER, {}))
    pushes.hear(Rejected(LISTENER, {}, "no"))
    pushes.converged(0.2)
    found = samples(series, pushes)
    ((labels, count),) = found["istio_requests_total"]
    assert (labels["source_workload"], count) == ("sleep", 2.0)
    buckets = {labels["le"]: value for labels, value in found["istio_request_duration_milliseconds_bucket"]}
    assert tuple(buckets[le] for le in ("1", "5", "500", "1000.0", "+Inf")) == (0.0, 1.0, 1.0, 2.0, 2.0)
    assert [value for _, value in found["istio_request_duration_milliseconds_sum"]] == [703.0]
    assert found["citadel_server_csr_count"] == [({}, 9.0)]
    assert found["citadel_server_success_cert_issuance_count"] == [({}, 7.0)]
    assert found["citadel_server_csr_sign_err_count"] == [({"error": "bad-csr"}, 2.0)]
    assert found["citadel_server_root_cert_expiry_timestamp"] == [({}, 1.5e9)]
    assert found["pilot_xds_pushes"] == [({"type": "lds"}, 2.0)]
    assert found["pilot_total_xds_rejects"] == [({"type": "lds"}, 1.0)]
    assert found["pilot_xds"] == [({}, 3.0)]
    assert found["pilot_proxy_convergence_time_count"] == [({}, 1.0)]
    assert found["pilot_info"] == [({"version": "1.2.3"}, 1.0)]
    assert found["meshtui_telemetry_uncounted_calls_total"] == [({}, 4.0)]
    assert found["meshtui_telemetry_lost_denials_total"] == [({}, 5.0)]
