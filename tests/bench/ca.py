"""The part `ca`: signed requests a second and their latencies, over TLS, ledger on, beside what bounds them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meshtui.ca.verify_ledger import verify_ledger
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from tests.bench import client, raw
from tests.bench.authority import BenchAuthority
from tests.bench.table import Row, percentile
from tests.terminal import cpu_seconds, rss_megabytes

REQUESTS = 6000


def measure() -> list[Row]:
    """Everything, in one run."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="meshtui-ca-") as folder:
        authority = BenchAuthority(Path(folder))
        authority.start()
        tokens = [authority.token(f"pod-{number}") for number in range(REQUESTS)]
        rows += _loaded(authority, "each token verified", tokens, 64, rate="700 /s", latency="150 ms")
        rows += _loaded(authority, "tokens known", tokens[:50], 64, rate="1000 /s", latency="150 ms")
        rows += _loaded(authority, "tokens known", tokens[:50], 8, rate="-", latency="25 ms")
        rows += _loaded(authority, "tokens known", tokens[:50], 1, rate="-", latency="-")
        rows.append(_memory(authority, tokens[:50]))
        authority.stop()
        assert not verify_ledger(authority.ledger, authority.root.read_bytes()).problems
        with raw.echo() as (address, root):
            message = IstioCertificateRequest(csr=authority.csr).SerializeToString().hex()
            task = {"address": address, "root": root, "method": client.METHOD, "message": message}
            for in_flight in (64, 8):
                told = client.start({**task, "tokens": tokens[:1], "requests": REQUESTS, "in_flight": in_flight})
                rows.append((f"gRPC echo of the same size, {in_flight} in flight", _rate(told), "-"))
    return rows + _raw()


def _loaded(
    authority: BenchAuthority, what: str, tokens: Sequence[str], in_flight: int, *, rate: str, latency: str
) -> list[Row]:
    requests = REQUESTS if in_flight > 1 else REQUESTS // 10
    before = cpu_seconds(authority.pid)
    told = client.run(authority, requests=requests, in_flight=in_flight, tokens=tokens)
    cpu = (cpu_seconds(authority.pid) - before) / requests
    samples, name = told["samples"], f"{what}, {in_flight} in flight"
    return [
        (f"signed requests, {name}", _rate(told), rate),
        (f"p99 (p50 {percentile(samples, 0.5):.1f} ms), {name}", f"{percentile(samples, 0.99):.1f} ms", latency),
        (f"processor time of the CA for each, {name}", f"{cpu * 1e6:.0f} µs", "-"),
    ]


def _memory(authority: BenchAuthority, tokens: Sequence[str]) -> Row:
    requests = 200_000 if os.environ.get("BENCH_WHOLE") else 10_000
    before = rss_megabytes(authority.pid)
    client.run(authority, requests=requests, in_flight=64, tokens=tokens)
    after = rss_megabytes(authority.pid)
    return f"resident memory of the CA before and after {requests:,} more", f"{before:.0f} → {after:.0f} MB", "flat"


def _raw() -> list[Row]:
    sign, verify = raw.signature_times()
    signing = raw.signing_time()
    openssl_sign, openssl_verify = raw.openssl_rates()
    return [
        ("ECDSA P-256 in Python: signatures, verifications", f"{1 / sign:,.0f} /s, {1 / verify:,.0f} /s", "-"),
        ("ECDSA P-256 in `openssl speed`", f"{openssl_sign:,.0f} /s, {openssl_verify:,.0f} /s", "-"),
        ("parse, check, sign, re-read in process", f"{1 / signing:,.0f} /s", "-"),
        ("of what one verification and one signature allow", f"{(sign + verify) / signing:.0%}", "50 %"),
        (
            "of what it does: two verifications (CSR, re-read), one signature",
            f"{(sign + 2 * verify) / signing:.0%}",
            "-",
        ),
    ]


def _rate(told: dict[str, Any]) -> str:
    return f"{len(told['samples']) / told['seconds']:,.0f} /s"
