"""As whom a verification asks the wire: what it trusts, and what it can show of itself.

Made by whoever asks, from files of their own: the owner of a mesh gets what is in them and never opens a path that
somebody names.
"""

from __future__ import annotations

import msgspec


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Empty texts for what the caller leaves to the one who is asked."""

    roots_pem: str = ""
    """CA certificates to verify servers against, instead of those that are known."""
    roots_file: str = ""
    """Where they came from: only to be named in words and commands."""
    certificate_pem: str = ""
    """To be presented to servers that ask for one, leaf first."""
    key_pem: str = ""
    certificate_file: str = ""
    key_file: str = ""

    def __repr__(self) -> str:
        """Without the key."""
        return f"Caller(roots_file={self.roots_file!r}, certificate_file={self.certificate_file!r})"

    @property
    def is_anybody(self) -> bool:
        """Whether nothing was said."""
        return not (self.roots_pem or self.certificate_pem)


ANYBODY = Caller()
"""A stranger who trusts what everybody does."""
