"""Measures on this machine and prints tables: `python -m tests.bench [PART…] [--whole]`; all parts without one.

Parts: `mesh`, `ca` (rates and latencies), `crowd` (ten thousand clients at once), `ledger` (many decisions),
`kill` (kill -9 while it issues), `agents` (ten thousand in one process), `sds` (rotations of a real Envoy
under load, and a thousand streams), `edge` (judging thousands of gateways), `gateway` (rotated under load), `policies`
(applied → enforced; `authorization`: the same of rules and tokens), `access` (who can call whom), `probe` (200 hosts
verified at once), `telemetry` (what access logs cost, and a reader that stops), `console` (over 100, 10,000 and 100,000
rows in another process).
`--whole` runs what takes minutes in full: 200,000 requests for the memory of the CA, a ledger of a million decisions.
"""

from __future__ import annotations

import argparse
import compileall
import os
from importlib import import_module
from pathlib import Path

import meshtui
from tests.bench.table import print_table

PARTS = (
    "mesh",
    "ca",
    "crowd",
    "ledger",
    "kill",
    "agents",
    "sds",
    "edge",
    "gateway",
    "policies",
    "authorization",
    "access",
    "probe",
    "telemetry",
    "console",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("parts", nargs="*", choices=(*PARTS, []), default=[])
    parser.add_argument("--whole", action="store_true")
    said = parser.parse_args()
    # As it is where it was installed; a checkout may never have been, and would be compiled at each start
    compileall.compile_dir(Path(meshtui.__file__).parent, quiet=2)
    if said.whole:
        os.environ["BENCH_WHOLE"] = "1"
    for part in said.parts or PARTS:
        print(f"\n{part}\n")
        print_table(import_module(f"tests.bench.{part}").measure())


if __name__ == "__main__":
    os.environ.pop("MESHTUI_STATE", None)
    main()
