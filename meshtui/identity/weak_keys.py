"""RSA keys that anybody can break, told apart in microseconds from the public key alone.

Not a proof of strength: two families that are seen in the wild and cost nothing to refuse.
"""

from __future__ import annotations

import functools
import math

_SMALL = 752
"""Boulder's bound for trial division as well."""
_ROCA_BOUND = 168
_ROCA_GENERATOR = 65537


def weakness(modulus: int) -> str:
    """Why an RSA modulus is weak, in words; empty when nothing is known against it."""
    if math.gcd(modulus, _primorial()) != 1:
        return "a small prime factor"
    # CVE-2017-15361: the primes of a broken library are powers of 65537 modulo every small prime, so is their product
    if all(modulus % prime in powers for prime, powers in _fingerprint()):
        return "the structure of CVE-2017-15361 (ROCA)"
    return ""


@functools.cache
def _primes(bound: int) -> tuple[int, ...]:
    return tuple(n for n in range(2, bound) if all(n % d for d in range(2, math.isqrt(n) + 1)))


@functools.cache
def _primorial() -> int:
    return math.prod(_primes(_SMALL))


@functools.cache
def _fingerprint() -> tuple[tuple[int, frozenset[int]], ...]:
    """Small primes with the powers of 65537 modulo each, where those are not everything."""
    powers = {
        prime: frozenset(pow(_ROCA_GENERATOR, exponent, prime) for exponent in range(prime - 1))
        for prime in _primes(_ROCA_BOUND)[1:]
    }
    return tuple((prime, found) for prime, found in powers.items() if len(found) < prime - 1)
