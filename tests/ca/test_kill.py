"""Nothing that a crash can do makes a certificate unknown. 50 rounds of the same: `python -m tests.bench kill`."""

from __future__ import annotations

import random
from pathlib import Path

from tests.bench.kill import survive


def test_kill_9_at_random_moments_leaves_a_whole_ledger(tmp_path: Path) -> None:
    """After each of five kills the ledger knows all that was received, no serial is there twice, and it verifies."""
    assert survive(tmp_path, 5, seed=random.randrange(2**32)) >= 5
