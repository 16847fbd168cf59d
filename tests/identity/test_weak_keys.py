"""RSA keys that anybody can break are told from others by the public key alone."""

from __future__ import annotations

import math

import pytest

from meshtui.identity.keys import new_key
from meshtui.identity.weak_keys import weakness

PRIMES = [n for n in range(2, 752) if all(n % d for d in range(2, math.isqrt(n) + 1))]
PRODUCT = math.prod(prime for prime in PRIMES if prime < 168)


def _modulus() -> int:
    public = new_key("RSA 2048").public_key().public_numbers()
    return int(public.n)  # type: ignore[union-attr]


def test_a_fresh_key_is_not_weak() -> None:
    """What a good library makes passes."""
    assert weakness(_modulus()) == ""


@pytest.mark.parametrize("prime", [2, 3, 101, 751])
def test_small_factors_are_found(prime: int) -> None:
    """A modulus with any prime factor below 752 is weak."""
    assert weakness(_modulus() * prime) == "a small prime factor"


@pytest.mark.parametrize("exponent", [1, 7, 65_536])
def test_the_fingerprint_of_roca_is_found(exponent: int) -> None:
    """A modulus that is a power of 65537 modulo every small prime is of the broken library (CVE-2017-15361)."""
    start = pow(65537, exponent, PRODUCT)
    modulus = next(
        candidate
        for candidate in (start + PRODUCT * (2**1828 + step) for step in range(100_000))
        if math.gcd(candidate, math.prod(PRIMES)) == 1
    )
    assert "ROCA" in weakness(modulus)
