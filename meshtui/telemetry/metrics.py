"""What the mesh says to Prometheus, under the names that Istio uses, read when somebody asks.

Calls are counted under Istio's standard metrics, the CA under `citadel_`, configuration under `pilot_`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    UnknownMetricFamily,
)

from meshtui.telemetry import pushes, series
from meshtui.telemetry.pushes import Pushes
from meshtui.telemetry.series import Series

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True, kw_only=True)
class Readings:
    """The values of one moment that are kept elsewhere."""

    issued: int
    """Certificates that the CA signed since the mesh started."""
    refused: Mapping[str, int]
    """By the CA's reason."""
    root_expiry: float | None
    """Unix time at which the root that signs expires; None when it is not known."""
    proxies: int
    """Envoys that are connected."""
    uncounted: int
    """Calls that could not be counted for the traffic view."""
    lost: int
    """Denied calls that could not be kept."""
    version: str


class Metrics:
    """A custom collector: nothing is kept here."""

    def __init__(self, series: Series, pushes: Pushes, read: Callable[[], Readings]) -> None:
        self._series = series
        self._pushes = pushes
        self._read = read
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def page(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: names do not clash in a registry of one."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The metrics of now."""
        now = self._read()
        yield from self._requests()
        yield from _of_the_ca(now)
        yield from self._of_configuration(now)
        yield CounterMetricFamily(
            "meshtui_telemetry_dropped_calls", "Calls in no series of this page: too many kinds.", self._series.dropped
        )
        yield CounterMetricFamily("meshtui_telemetry_uncounted_calls", "Calls missing in the view.", now.uncounted)
        yield CounterMetricFamily("meshtui_telemetry_lost_denials", "Denied calls that were not kept.", now.lost)

    def _requests(self) -> Iterable[Metric]:
        total = CounterMetricFamily("istio_requests", "Requests, as the proxies told them.", labels=series.LABELS)
        duration = HistogramMetricFamily(
            "istio_request_duration_milliseconds", "How long they took.", labels=series.LABELS
        )
        for labels, each in self._series:
            total.add_metric(labels, sum(each.buckets))
            duration.add_metric(labels, _buckets(series.BUCKETS, each.buckets), each.milliseconds)
        yield total
        yield duration

    def _of_configuration(self, now: Readings) -> Iterable[Metric]:
        found = self._pushes
        taken = UnknownMetricFamily("pilot_xds_pushes", "Pushes that a proxy answered.", labels=("type",))
        refused = UnknownMetricFamily("pilot_total_xds_rejects", "Pushes that a proxy refused.", labels=("type",))
        for kind, count in sorted(found.answered.items()):
            taken.add_metric((kind,), count)
            refused.add_metric((kind,), found.rejected[kind])
        yield taken
        yield refused
        yield GaugeMetricFamily("pilot_xds", "Proxies that are connected.", now.proxies)
        convergence = HistogramMetricFamily(
            "pilot_proxy_convergence_time", "Seconds from a change until a proxy has all of it."
        )
        convergence.add_metric((), _buckets(pushes.BUCKETS, found.convergence), found.converging)
        yield convergence
        info = GaugeMetricFamily("pilot_info", "Version of meshtui.", labels=("version",))
        info.add_metric((now.version,), 1)
        yield info


def _of_the_ca(now: Readings) -> Iterable[Metric]:
    # untyped where Istio's names have no _total, which prometheus_client puts behind every counter's
    refused = sum(now.refused.values())
    yield UnknownMetricFamily("citadel_server_csr_count", "Requests to the CA.", now.issued + refused)
    yield UnknownMetricFamily("citadel_server_success_cert_issuance_count", "Certificates it signed.", now.issued)
    errors = UnknownMetricFamily("citadel_server_csr_sign_err_count", "Requests it refused.", labels=("error",))
    for reason, count in sorted(now.refused.items()):
        errors.add_metric((reason,), count)
    yield errors
    if now.root_expiry is not None:
        yield GaugeMetricFamily(
            "citadel_server_root_cert_expiry_timestamp", "When the mesh's root expires, Unix time.", now.root_expiry
        )


def _buckets(bounds: Sequence[float], counts: Sequence[int]) -> list[tuple[str, float]]:
    """As Prometheus has them: each with all that is below its bound."""
    return list(zip([*map(str, bounds), "+Inf"], accumulate(counts), strict=True))
