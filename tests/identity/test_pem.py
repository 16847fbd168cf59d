"""PEM is read block by block; damage stays where it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.errors import IdentityError
from meshtui.identity import pem


def _block(label: str, body: str) -> bytes:
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n".encode()


def test_blocks_come_in_order() -> None:
    """Each block is found with its label and content, whatever the line ends."""
    found, text = pem.blocks((_block("A", "AQID") + _block("B C", "BAUG")).replace(b"\n", b"\r\n"))
    assert [(block.label, block.der) for block in found] == [("A", b"\x01\x02\x03"), ("B C", b"\x04\x05\x06")]
    assert not text


def test_text_around_is_reported() -> None:
    """Explanations are allowed by RFC 7468, so they are told apart from blocks rather than refused here."""
    assert pem.blocks(b"subject=x\n" + _block("A", "AQID"))[1]
    assert not pem.blocks(b"\n  \n" + _block("A", "AQID"))[1]


@pytest.mark.parametrize(
    "broken",
    [
        b"-----BEGIN B-----\nAQID\n",
        b"-----BEGIN B-----\nAQID\n-----END C-----\n",
        _block("B", "not base64!"),
        _block("B", ""),
        b"-----END B-----\n",
        b"-----BEGIN B----\n",
    ],
)
def test_a_broken_block_does_not_hide_its_neighbours(broken: bytes) -> None:
    """The good blocks before and after a broken one are found, and the broken one has its problem."""
    found, _ = pem.blocks(_block("A", "AQID") + broken + _block("A", "AQID"))
    assert [block.der for block in found if not block.problem] == [b"\x01\x02\x03", b"\x01\x02\x03"]
    assert any(block.problem for block in found)


def test_size_and_count_are_bounded() -> None:
    """A flood is refused before it costs anything."""
    with pytest.raises(IdentityError):
        pem.blocks(b"x" * (pem.MAX_BYTES + 1))
    with pytest.raises(IdentityError):
        pem.blocks(_block("A", "AQID") * (pem.MAX_BLOCKS + 1))


def test_content_is_not_shown() -> None:
    """A block may be a private key; its repr does not have it."""
    (block,), _ = pem.blocks(_block("PRIVATE KEY", "c2VjcmV0"))
    assert "secret" not in repr(block)


@given(st.binary(max_size=300) | st.text(st.sampled_from("-BEGIN D\nAQ=")).map(str.encode))
def test_any_bytes_are_read(data: bytes) -> None:
    """No input crashes the reader, and every block has content or a problem, never both."""
    found, _ = pem.blocks(data)
    assert all(bool(block.der) != bool(block.problem) for block in found)
