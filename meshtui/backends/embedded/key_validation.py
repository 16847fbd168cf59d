"""Reads imported private keys in full, in a process of its own.

To check that the numbers of an RSA key belong together takes up to seconds, in which no thread of Python runs beside
it: here it would stop the mesh. The child gets the keys through a pipe and leaves nothing but sentences.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives.asymmetric import rsa

from meshtui.errors import IdentityError, StateError
from meshtui.identity.keys import load_key
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Manifest, ObjectKey, Secret
from meshtui.manifest.pairs import pair_problem
from meshtui.manifest.secret_data import key_pair

DEADLINE = 15.0
"""Seconds for one key: RSA 8192 takes two."""
_REMEMBERED = 10_000


class KeyValidator:
    """Says what is wrong with private keys. What it found good it does not read in full again."""

    def __init__(self) -> None:
        self._good: set[str] = set()
        self._one_child = asyncio.Lock()

    async def problems(self, keys: Sequence[bytes]) -> tuple[str, ...]:
        """For each key (PEM) a sentence, empty for one that can be used. Raises StateError when none can be had."""
        slow = [key for key in dict.fromkeys(keys) if _digest(key) not in self._good and _takes_long(key)]
        found: dict[bytes, str] = {}
        if slow:
            async with self._one_child:
                found = dict(zip(slow, await _ask(slow), strict=True))
        told = tuple(found[key] if key in found else self._said(key) for key in keys)
        if len(self._good) > _REMEMBERED:
            self._good.clear()
        self._good |= {_digest(key) for key, problem in zip(keys, told, strict=True) if not problem}
        return told

    async def of_objects(self, objects: Iterable[Manifest], catalog: Catalog) -> tuple[str, ...]:
        """What is wrong with the key pairs of Secrets that are to replace those of a catalog, a line for each."""
        pairs: dict[ObjectKey, bytes] = {}
        told = []
        for each in objects:
            known = catalog.get(each.key)
            pair = key_pair(each) if isinstance(each, Secret) else None
            if pair is None or (isinstance(known, Secret) and key_pair(known) == pair):
                continue
            if problem := pair_problem(each):
                told.append(problem)
            else:
                pairs[each.key] = pair[1]
        found = await self.problems(tuple(pairs.values()))
        return (*told, *(f"{key}: {problem}" for key, problem in zip(pairs, found, strict=True) if problem))

    def _said(self, key: bytes) -> str:
        return "" if _digest(key) in self._good else problem_of(key)


def problem_of(key: bytes) -> str:
    """Why a private key (PEM) cannot be used; empty when it can. Takes its time for an RSA key."""
    try:
        load_key(key)
    except IdentityError as error:
        return str(error)
    return ""


def _takes_long(key: bytes) -> bool:
    try:
        return isinstance(load_key(key, validate=False), rsa.RSAPrivateKey)
    except IdentityError:
        return False


def _digest(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()


async def _ask(keys: Sequence[bytes]) -> Sequence[str]:
    """What a child process finds."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback may quote what it was about
    )
    try:
        async with asyncio.timeout(DEADLINE * len(keys)):
            answer, _ = await child.communicate(json.dumps([key.decode("latin-1") for key in keys]).encode())
        said = json.loads(answer)
    except TimeoutError as error:
        raise StateError(f"The private keys could not be checked within {DEADLINE:g} s for each.") from error
    except ValueError as error:
        raise StateError("The private keys could not be checked: the process that reads them ended.") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return [str(each) for each in said]


def _answer(keys: Iterable[str]) -> None:
    json.dump([problem_of(key.encode("latin-1")) for key in keys], sys.stdout)


if __name__ == "__main__":
    _answer(json.load(sys.stdin))
