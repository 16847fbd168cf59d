"""What an agent alone says to Prometheus, under the names that istio-agent uses, read when somebody asks.

Only what is true of this agent: it proxies no XDS and watches no files, so it has none of those metrics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric, UnknownMetricFamily

from meshtui.agent.issuance import Calls
from meshtui.agent.sds_service import KEY_PAIR

CONTENT_TYPE = CONTENT_TYPE_LATEST
_PREFIX = "istio_agent_"
_CSR = ("csr",)


@dataclass(frozen=True)
class Readings:
    """The values of one moment."""

    calls: Calls
    expires_in: float | None
    """Seconds, negative for an expired certificate; None without one."""
    startup: float | None
    """Seconds from start to ready; None before."""
    rejects: int
    """Secrets that proxies refused."""


class Metrics:
    """A custom collector: nothing is kept here but the count of scrapes."""

    def __init__(self, read: Callable[[], Readings]) -> None:
        self._read = read
        self._scrapes = 0
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def page(self) -> bytes:
        """All of it in Prometheus' text format."""
        self._scrapes += 1
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: names do not clash in a registry of one."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The metrics of now."""
        now = self._read()
        calls = now.calls
        if now.expires_in is not None:
            gauge = GaugeMetricFamily(
                _PREFIX + "cert_expiry_seconds",
                "Seconds until the certificate expires; negative when it has.",
                labels=("resource_name",),
            )
            gauge.add_metric((KEY_PAIR,), now.expires_in)
            yield gauge
        yield _of_csr("num_outgoing_requests", "Calls to the CA.", calls.made)
        yield _of_csr("num_failed_outgoing_requests", "Calls that brought no usable certificate.", calls.failed)
        yield _of_csr("num_outgoing_retries", "Calls made because the one before had failed.", calls.retries)
        yield _of_csr("outgoing_latency", "Milliseconds that all calls took together.", calls.milliseconds)
        if now.startup is not None:
            yield GaugeMetricFamily(
                _PREFIX + "startup_duration_seconds", "Seconds from start to the first certificate.", now.startup
            )
        yield CounterMetricFamily(_PREFIX + "scrapes", "Times that this page was asked for.", self._scrapes)
        rejects = UnknownMetricFamily(
            _PREFIX + "pilot_total_xds_rejects", "Secrets that proxies refused.", labels=("type",)
        )
        rejects.add_metric(("sds",), now.rejects)
        yield rejects


def _of_csr(name: str, words: str, value: float) -> Metric:
    # untyped: these are counters, but prometheus_client puts _total behind a counter's name, which istio-agent does not
    metric = UnknownMetricFamily(_PREFIX + name, words, labels=("request_type",))
    metric.add_metric(_CSR, value)
    return metric
