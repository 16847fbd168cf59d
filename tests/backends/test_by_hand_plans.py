"""A plan's commands for a shell do to a Secret what the mesh would do: what else is in it stays."""

from __future__ import annotations

import base64

import pytest

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.manifest.documents import parse, parse_document
from meshtui.mesh.actions import Rotate, Terms, Undo
from tests.backends.test_replacing import HOST, SECRET, TARGET, document, gateway, pair, perform

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_ca_of_clients_is_kept_by_hand_too(core: MeshCore, opened: EmbeddedMesh) -> None:
    """For kubectl what is not named would be taken out, and a MUTUAL server would let nobody in."""
    mutual = gateway(HOST).replace("SIMPLE", "MUTUAL")
    first = pair(behind=1)
    written = document(first)
    written["data"]["ca.crt"] = base64.b64encode(first.certificate.encode()).decode()
    await core.apply([*parse(mutual, "test"), parse_document(written)])
    read = r"kubectl get secret shop -n istio-system -o 'jsonpath={.data.ca\.crt}' | base64 -d > shop.kept.ca.crt"
    plan = await opened.plan(Rotate(targets=(TARGET,), terms=Terms(brought=pair())))
    assert read in plan.by_hand
    assert "--type=kubernetes.io/tls" in plan.by_hand[-1]
    assert "--from-file=ca.crt=shop.kept.ca.crt" in plan.by_hand[-1]
    assert (await perform(opened, Rotate(targets=(TARGET,), terms=Terms(brought=pair())))).error == ""
    back = (await opened.plan(Undo(target=TARGET))).by_hand
    assert read in back
    assert "--from-file=ca.crt=shop.kept.ca.crt" in back[-1]
    await core.remove(SECRET)
