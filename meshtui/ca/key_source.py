"""Where the keys of an outside issuer come from, kept fresh: a file or URL that the configuration names, no other.

Nothing that a caller sends decides what is fetched: it can at most make the next look come sooner, within bounds.
When the source fails, the last good keys count until their maximum age; then there are none. There is no default.
"""

from __future__ import annotations

import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from meshtui.ca.bearer import OPAQUE
from meshtui.ca.key_set import MAX_BYTES, VerifyingKey, read_key_set
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.errors import MeshError, StateError, UnreachableError

MAX_AGE = timedelta(hours=24)
REFRESH = timedelta(minutes=5)
SOONEST = timedelta(seconds=10)
"""Between two looks, however many unknown keys are named meanwhile."""
CONNECT_TIMEOUT = 5.0
TOTAL_TIMEOUT = 15.0


class KeySource:
    """The keys of one issuer. `refresh` on one thread, `keys` on another."""

    def __init__(
        self,
        where: str,
        read: Callable[[], bytes],
        clock: Callable[[], datetime],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timer` gives seconds since whenever, and is never set back."""
        self._where = where
        self._read = read
        self._clock = clock
        self._timer = timer
        self._good: tuple[Mapping[str, VerifyingKey], datetime, float] | None = None
        self._problem = "they have not been read yet"
        self._wanted = threading.Event()
        self._stopped = threading.Event()

    def keys(self, now: datetime) -> Mapping[str, VerifyingKey]:
        """The last good keys; raises RefusalError (`cannot-verify`) when they are too old, or never were."""
        if self._good is None:
            raise self._refusal(self._problem)
        keys, read_at, read_time = self._good
        # the clock knows how long the machine slept, the timer whether the clock was set back
        if now - read_at > MAX_AGE or self._timer() - read_time > MAX_AGE.total_seconds():
            self.look_soon()
            raise self._refusal(self._problem or "they are too old")
        return keys

    def _refusal(self, problem: str) -> RefusalError:
        return RefusalError(
            Reason.CANNOT_VERIFY, OPAQUE, detail=f"The keys from {self._where} cannot be had: {problem}."
        )

    def look_soon(self) -> None:
        """A token named a key that is not there: there may be a new one."""
        self._wanted.set()

    def refresh(self) -> bool:
        """Look once; whether that went well. What was there stays when it did not."""
        try:
            self._good = (read_key_set(self._read()), self._clock(), self._timer())
        except MeshError as error:
            problem = error.message.removesuffix(".")
            if problem != self._problem:  # said once, however long it lasts
                sys.stderr.write(f"The keys from {self._where} were not refreshed: {error}\n")
            self._problem = problem
            return False
        self._problem = ""
        return True

    def start(self) -> None:
        """Keep looking, on a thread of its own."""
        threading.Thread(target=self._keep_fresh, name="key-source", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped.set()
        self._wanted.set()

    def _keep_fresh(self) -> None:
        while not self._stopped.is_set():
            self._wanted.clear()
            went_well = self.refresh()
            if self._stopped.wait(SOONEST.total_seconds()):
                return
            if went_well:  # a source that fails is looked at again soon
                self._wanted.wait(REFRESH.total_seconds())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any, **_options: Any) -> None:
        """An answer from elsewhere than the configuration names is no answer."""


def fetch(url: str, authority_file: str = "") -> bytes:
    """The body of a JWKS URL: no redirects, bounded in size and time. Raises UnreachableError."""
    opener = urllib.request.build_opener(_NoRedirects(), _https(authority_file))
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "meshtui"})  # noqa: S310 - https, or loopback, as the configuration's reader made sure
    deadline = time.monotonic() + TOTAL_TIMEOUT
    body = b""
    try:
        with opener.open(request, timeout=CONNECT_TIMEOUT) as answer:
            while part := answer.read1(64 * 1024):
                body += part
                if len(body) > MAX_BYTES:
                    raise UnreachableError(f"The answer is larger than {MAX_BYTES} bytes.")
                if time.monotonic() > deadline:
                    raise UnreachableError(f"The answer took longer than {TOTAL_TIMEOUT:g} s.")
    except (OSError, HTTPException, ValueError) as error:
        raise UnreachableError(f"It cannot be fetched: {error}.") from error
    return body


def _https(authority_file: str) -> urllib.request.HTTPSHandler:
    try:
        context = ssl.create_default_context(cafile=authority_file or None)
    except (OSError, ssl.SSLError) as error:
        raise StateError(f"{authority_file} cannot be used: {error}.", fix="Give PEM certificates.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return urllib.request.HTTPSHandler(context=context)
