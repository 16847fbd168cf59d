"""Everything that can go wrong, on one page.

    MeshError
    ├── UsageError              the request itself is wrong: an option, a target, a file
    │   ├── ManifestError       one or more documents are wrong; carries every problem with its path
    │   └── IdentityError       a SPIFFE ID, certificate, CSR, key or token is malformed or does not verify
    ├── UnreachableError        no mesh runs there, or a peer (CA, Envoy, owner) does not answer
    ├── RefusedError            understood and denied: not allowed, read-only, not confirmed, lapsed
    └── StateError              this machine is in the way: directory, lock, disk, port, damaged file

A message is one sentence with the offending value; `fix` is the sentence that says what to do about it.
Foreign exceptions become one of these where they enter. Exit statuses are derived from this tree in
`cli.exit_codes` alone, gRPC statuses in `ca.service` alone, operator socket errors in `control.protocol` alone.
"""

from __future__ import annotations


class MeshError(Exception):
    """Base of all errors that are shown to a person."""

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}".rstrip()


class UsageError(MeshError):
    """The request is wrong; the same request will fail again."""


class ManifestError(UsageError):
    """Documents that cannot be accepted. `problems` has one line for each, with file, path and reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
        super().__init__(f"{count}; nothing was changed:\n" + "\n".join(f"  {line}" for line in problems))
        self.problems = problems


class IdentityError(UsageError):
    """A SPIFFE ID, certificate, CSR, key or token that is malformed or does not verify."""


class UnreachableError(MeshError):
    """The mesh, or a part of it, does not answer; trying again later may help."""


class RefusedError(MeshError):
    """The request was understood and denied."""


class StateError(MeshError):
    """The machine is in the way: a directory, lock, disk, port or damaged file."""
