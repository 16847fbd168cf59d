"""Becomes a program that cannot outlive its owner: `launcher.py OWNER-PID PROGRAM ARGUMENT…`.

Run as a script of its own (`python -I -S`), between the owner and Envoy, because a mesh that is killed with
SIGKILL can clean up nothing, and because code that runs between fork and exec of a process with threads
may hang. Imports nothing of meshtui: it must cost milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
FAILED = 127
"""Exit status when the program cannot be started, as of a shell."""


def main(arguments: list[str]) -> int:
    """Ask the kernel to kill this process with its owner, then become the program. Returns only on failure."""
    owner, program = int(arguments[0]), arguments[1]
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.stderr.write(f"prctl: {os.strerror(ctypes.get_errno())}\n")
        return FAILED
    # an owner that died before the request above will never be noticed
    if os.getppid() != owner:
        return FAILED
    try:
        os.execv(program, arguments[1:])  # noqa: S606 - the point of this script
    except OSError as error:
        sys.stderr.write(f"{program}: {error.strerror}\n")
    return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
