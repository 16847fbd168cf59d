"""How figures are printed, and the few words that all parts share."""

from __future__ import annotations

from collections.abc import Sequence

Row = tuple[str, str, str]
"""What it is, what was reached, what it should be."""


def print_table(rows: Sequence[Row]) -> None:
    """Markdown."""
    width = max(len(row[0]) for row in rows)
    print(f"| {'figure':<{width}} | reached | bound |\n|{'-' * (width + 2)}|---|---|")
    for name, reached, bound in rows:
        print(f"| {name:<{width}} | {reached} | {bound} |", flush=True)


def percentile(samples: Sequence[float], share: float) -> float:
    """Of sorted samples."""
    return samples[min(int(len(samples) * share), len(samples) - 1)]
