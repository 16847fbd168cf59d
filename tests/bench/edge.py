"""The part `edge`: resolving and judging many gateways with many Secrets, and one change to them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509

from meshtui.gateway.edge import Edge
from meshtui.identity.keys import key_pem, new_key
from meshtui.manifest.documents import parse
from meshtui.manifest.model import Manifest
from tests.bench.table import Row, percentile
from tests.identity import forge

GATEWAYS, SECRETS = 2_000, 5_000
CHANGES = 200
ISTIO = "networking.istio.io/v1"


def measure() -> list[Row]:
    """From manifests that are read to all findings; then one Secret and one Gateway at a time."""
    now = datetime.now(UTC)
    objects = [*_workload(), *_secrets(now), *map(_gateway, range(GATEWAYS))]
    edge = Edge()

    def judge() -> int:
        edge.change(objects)
        return len(edge.findings(now))

    whole, found = _timed(judge)
    secrets = _changes(edge, _secrets(now)[:CHANGES], now)
    gateways = _changes(edge, [_gateway(number, "new") for number in range(CHANGES)], now)
    name = f"{GATEWAYS:,} Gateways with {SECRETS:,} Secrets resolved and judged ({found:,} findings)"
    return [
        (name, f"{whole:.2f} s", "2 s"),
        ("one Secret of them replaced, p99", f"{secrets:.1f} ms", "5 ms"),
        ("one Gateway of them replaced, p99", f"{gateways:.1f} ms", "5 ms"),
    ]


def _changes(edge: Edge, items: list[Manifest], now: datetime) -> float:
    """Milliseconds from a change to what is wrong with its credential."""
    samples = []
    for item in items:
        target = f"gateway/edge/{item.name.replace('gateway', 'secret')}"

        def change(item: Manifest = item, target: str = target) -> int:
            edge.change([item])
            return len(edge.findings_of(target, now))

        samples.append(_timed(change)[0] * 1000)
    return percentile(sorted(samples), 0.99)


def _secrets(now: datetime) -> list[Manifest]:
    """Half of them on RSA keys; every fifth has something wrong: another key, other hosts, an old date."""
    root = forge.ca("edge root", start=now - timedelta(days=1), end=now + timedelta(days=365))
    keys = [new_key("RSA 2048"), *(new_key() for _ in range(50))]
    return [_secret(number, root, keys[0 if number % 2 else 1 + number % 50], now) for number in range(SECRETS)]


def _secret(number: int, root: forge.Pair, key: Any, now: datetime) -> Manifest:
    host = "elsewhere.example.com" if number % 15 == 5 else f"host-{number}.example.com"
    leaf = forge.make(
        [(x509.SubjectAlternativeName([x509.DNSName(host)]), False)],
        issuer=root,
        key=key,
        start=now - timedelta(days=30),
        end=now + timedelta(days=-1 if number % 15 == 10 else 60),
    )
    data = {"tls.crt": leaf.pem.encode(), "tls.key": key_pem(new_key() if number % 15 == 0 else key)}
    encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
    return _read("v1", "Secret", f"secret-{number}", "edge", type="kubernetes.io/tls", data=encoded)


def _gateway(number: int, name: str = "https") -> Manifest:
    server = {
        "port": {"number": 443, "name": name, "protocol": "HTTPS"},
        "hosts": [f"host-{number}.example.com"],
        "tls": {"mode": "SIMPLE", "credentialName": f"secret-{number}"},
    }
    spec = {"selector": {"istio": "ingressgateway"}, "servers": [server]}
    return _read(ISTIO, "Gateway", f"gateway-{number}", "prod", spec=spec)


def _workload() -> list[Manifest]:
    labels = {"istio": "ingressgateway", "sidecar.istio.io/inject": "true"}
    template = {
        "metadata": {"labels": labels, "annotations": {"inject.istio.io/templates": "gateway"}},
        "spec": {"containers": [{"name": "main", "image": "auto"}]},
    }
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return [_read("apps/v1", "Deployment", "ingress", "edge", spec=spec)]


def _read(api: str, kind: str, name: str, namespace: str, **fields: Any) -> Manifest:
    document = {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **fields}
    return parse(json.dumps(document), "bench")[0]


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result
