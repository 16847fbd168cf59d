"""Imported RSA keys are validated in full, and the mesh goes on meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from meshtui.backends.embedded.key_validation import KeyValidator
from meshtui.identity.keys import key_pem, load_key, new_key
from tests.identity.forge import unsound_key


async def test_each_key_is_told_apart() -> None:
    """Good ones of both kinds, one that is no key, and one whose numbers do not belong together, in their order."""
    ec, good, bad = key_pem(new_key()), key_pem(new_key("RSA 2048")), key_pem(unsound_key())
    assert load_key(bad, validate=False)
    problems = await KeyValidator().problems([good, b"nonsense", bad, ec, good])
    assert [bool(problem) for problem in problems] == [False, True, True, False, False]
    assert problems[1] == problems[2] == "The private key cannot be read. Give an unencrypted PEM key, EC or RSA."


async def test_what_was_found_good_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan reads the keys, and performing it a moment later need not."""
    validator, key = KeyValidator(), key_pem(new_key("RSA 2048"))
    assert await validator.problems([key]) == ("",)
    monkeypatch.setattr("sys.executable", "/nonexistent")
    assert await validator.problems([key]) == ("",)


async def test_the_loop_goes_on_while_a_large_key_is_read() -> None:
    """RSA 4096 takes a quarter of a second, in which others get their turns."""
    key = key_pem(new_key("RSA 4096"))
    loop, turns = asyncio.get_running_loop(), 0
    asking = asyncio.create_task(KeyValidator().problems([key]))
    begun = loop.time()
    while not asking.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert await asking == ("",)
    assert turns > (loop.time() - begun) / 0.01 / 4
