"""One real Envoy for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.enforcement.proxy import EnforcingProxy


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sidecar(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EnforcingProxy]:
    """httpbin's sidecar, which takes mutual TLS and plaintext."""
    proxy = EnforcingProxy(tmp_path_factory.mktemp("e"))
    try:
        await proxy.start()
        yield proxy
    finally:
        await proxy.stop()
