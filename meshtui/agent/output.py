"""The certificate in service as files, for programs that take no SDS: Istio's OUTPUT_CERTS.

No two files can be replaced in one step, so their order is chosen: the roots first, because a peer may show a leaf of
a new one at once; then the key, then the chain. All three are on disk before the first is renamed, so that only two
renames lie between the old pair and the new. A program that reads the key and then the chain is wrong only if both
its reads fall between them; in the other order, any pause of its own between its reads would be wrong as well. One
that waits for cert-chain.pem to change finds its key there already.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from meshtui.errors import StateError
from meshtui.identity.svid import Svid

ROOTS, KEY, CHAIN = "root-cert.pem", "key.pem", "cert-chain.pem"
ORDER = (ROOTS, KEY, CHAIN)


def files_of(svid: Svid) -> dict[str, bytes]:
    """Name → content. The chain has the roots at its end, as Istio's has."""
    return {ROOTS: svid.bundle.pem, KEY: svid.private_key_pem, CHAIN: svid.chain_pem + svid.bundle.pem}


def write_files(directory: Path, files: dict[str, bytes]) -> bool:
    """Make the files in `directory` these, each of them 0600 and whole at any moment; returns whether any was not.

    The directory is made, 0700, when it is missing. Raises StateError; whatever was there is then still there.
    """
    drafts: list[tuple[Path, Path]] = []
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ORDER:
            path = directory / name
            if not _holds(path, files[name]):
                drafts.append((_draft(path, files[name]), path))
        for draft, path in drafts:
            draft.rename(path)
        if drafts:
            _sync(directory)
    except OSError as error:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)
        raise StateError(f"The certificate cannot be written to {directory}: {error.strerror}.") from error
    return bool(drafts)


def _holds(path: Path, data: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        if os.fstat(descriptor).st_mode != stat.S_IFREG | 0o600:
            return False
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(len(data) + 1) == data
    finally:
        os.close(descriptor)


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    return draft


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
