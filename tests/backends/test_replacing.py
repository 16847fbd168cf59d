"""A gateway certificate is replaced all the way to the wire, or not at all, whoever does what meanwhile."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.backends.embedded.views import credential_row
from meshtui.errors import MeshError, RefusedError, UnreachableError, UsageError
from meshtui.identity.keys import key_pem
from meshtui.manifest.documents import parse, parse_document
from meshtui.manifest.model import ObjectKey, Secret
from meshtui.manifest.pairs import leaf_of
from meshtui.mesh.actions import Action, Apply, Brought, Delete, Issue, Progress, Rotate, Terms, Undo
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Mark, RotationState
from meshtui.probe.tls import seen, verified
from tests.identity import forge

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOST = "shop.example.com"
TARGET = "gateway/istio-system/shop"
SECRET = ObjectKey("Secret", "istio-system", "shop")


def gateway(*hosts: str) -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: shop, namespace: prod}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
    - port: {{number: 443, name: https-shop, protocol: HTTPS}}
      tls: {{mode: SIMPLE, credentialName: shop}}
      hosts: [{", ".join(hosts)}]
"""


MUST_STAPLE = (x509.TLSFeature([x509.TLSFeatureType.status_request]), False)
"""What Envoy refuses of a pair that fits: there is no OCSP response to staple."""


def pair(
    *, end: timedelta = timedelta(days=1), behind: int = 0, more: Sequence[tuple[x509.ExtensionType, bool]] = ()
) -> Brought:
    """What some other CA has signed for the host, with so many certificates behind it."""
    now = datetime.now(UTC)
    root = forge.ca("elsewhere", start=now - timedelta(days=1), end=now + timedelta(days=9))
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    made = forge.make([(names, True), *more], issuer=root, start=now - timedelta(hours=1), end=now + end)
    return Brought(certificate=made.pem + behind * root.pem, private_key=key_pem(made.key).decode())


def document(brought: Brought, **annotations: str) -> dict[str, Any]:
    data = {"tls.crt": brought.certificate, "tls.key": brought.private_key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "shop", "namespace": "istio-system", "annotations": annotations},
        "data": {name: base64.b64encode(value.encode()).decode() for name, value in data.items()},
    }


def unheard(_step: Step, _text: str) -> None:
    """Whom progress does not interest."""


async def perform(mesh: EmbeddedMesh, action: Action) -> Progress:
    plan = await mesh.plan(action)
    return [progress async for progress in mesh.perform(plan.id)][-1]


async def served(core: MeshCore, host: str = HOST) -> str:
    """The serial that the wire presents."""
    address = next(address for name, address in core.endpoints(TARGET) if name == host)
    return (await seen(address, host)).facts.serial


@pytest_asyncio.fixture(loop_scope="module")
async def shop(core: MeshCore, opened: EmbeddedMesh) -> CredentialRuntime:
    """A gateway certificate, issued anew and in service."""
    if core.catalog.get(SECRET) is not None:
        await core.remove(SECRET)
    await core.apply(parse(gateway(HOST), "test"))
    issued = await perform(opened, Issue(targets=(TARGET,), terms=Terms(issuer="example.com")))
    assert (issued.error, issued.served) == ("", True)
    return core.credentials[TARGET]


def previous(core: MeshCore) -> str:
    leaf = leaf_of(core.desired.previous.get(SECRET))
    return leaf.serial if leaf is not None else ""


# What the next certificate is.


async def test_rotation_keeps_what_the_certificate_is_for(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime
) -> None:
    """Clients rely on its names: a host that a Gateway has now is said in the plan, and added when it is asked for."""
    await core.apply(parse(gateway(HOST, "new.example.com"), "test"))
    plan = await opened.plan(Rotate(targets=(TARGET,)))
    assert f"{TARGET} is not for new.example.com, which a Gateway serves with it: add it with --host." in plan.warnings
    rotated = await perform(opened, Rotate(targets=(TARGET,)))
    assert rotated.after is not None
    assert rotated.after.sans == (HOST,)
    both = await perform(opened, Rotate(targets=(TARGET,), terms=Terms(hosts=(HOST, "*.example.com"))))
    assert both.after is not None
    assert both.after.sans == (HOST, "*.example.com")
    plan = await opened.plan(Rotate(targets=(TARGET,)))
    assert plan.warnings == ()


@pytest.mark.parametrize("kind", ["EC P-384", "RSA 2048"])
async def test_rotation_keeps_key_lifetime_and_issuer(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime, kind: str
) -> None:
    """What was said once is in the Secret's annotations, and holds for every certificate after it."""
    terms = Terms(issuer="shop.example", key_kind=kind, lifetime=timedelta(hours=3))
    asked = await perform(opened, Rotate(targets=(TARGET,), terms=terms))
    kept = await perform(opened, Rotate(targets=(TARGET,)))
    for progress in (asked, kept):
        assert (progress.error, progress.served) == ("", True)
        assert progress.after is not None
        assert progress.after.key == kind
        assert progress.after.issuer.startswith("CN=shop.example root")
        assert timedelta(hours=3) <= progress.after.not_after - progress.after.not_before < timedelta(hours=4)
    annotations = core.catalog.get(SECRET).metadata.annotations  # type: ignore[union-attr]  # it is there
    assert annotations == {
        "meshtui.io/issuer": "shop.example",
        "meshtui.io/key": kind,
        "meshtui.io/lifetime": "3h",
    }


async def test_the_meshs_ca_signs_for_a_gateway(core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime) -> None:
    """What is presented then leads to the mesh's root, and the target verifies all the way."""
    last = await perform(opened, Rotate(targets=(TARGET,), terms=Terms(issuer="mesh/ca")))
    assert last.error == ""
    address = core.endpoints(TARGET)[0][1]
    await verified(address, core.ca_root.read_text(), HOST, check_host=True)
    assert [check for check in (await opened.verify(TARGET)).checks if check.passed is False] == []
    with pytest.raises(RefusedError, match="inside the mesh"):
        await opened.plan(Rotate(targets=(TARGET,), terms=Terms(hosts=("localhost",))))


async def test_the_loop_goes_on_while_a_large_key_is_made(core: MeshCore, shop: CredentialRuntime) -> None:
    """RSA 4096 takes a second, in which others get their turns."""
    loop, turns = asyncio.get_running_loop(), 0
    rotating = asyncio.create_task(shop.rotate(unheard, "test", Terms(key_kind="RSA 4096")))
    begun = loop.time()
    while not rotating.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert (await rotating)[1].key == "RSA 4096"
    assert turns > (loop.time() - begun) / 0.01 / 4


# What was made elsewhere.


async def test_a_pair_from_files_is_served_and_nobody_renews_it(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime
) -> None:
    """Until an issuer is named for it; before that, a rotation says what to do."""
    brought = pair()
    plan = await opened.plan(Rotate(targets=(TARGET,), terms=Terms(brought=brought)))
    assert "It is not renewed by itself: it is signed elsewhere." in plan.effects
    last = [progress async for progress in opened.perform(plan.id)][-1]
    assert (last.error, last.served) == ("", True)
    assert last.after is not None
    assert await served(core) == last.after.serial
    assert (shop.brought, shop.standing.due_at, shop.authority) == (True, None, "")
    assert shop.issued.unknown
    with pytest.raises(RefusedError, match="was not issued here") as caught:
        await opened.plan(Rotate(targets=(TARGET,)))
    assert "--cert FILE --key FILE, or --issuer NAME" in caught.value.fix
    again = await perform(opened, Rotate(targets=(TARGET,), terms=Terms(issuer="example.com")))
    assert again.after is not None
    assert again.after.sans == (HOST,)
    assert not shop.brought


async def test_an_unsound_rsa_key_does_not_reach_the_gateway(opened: EmbeddedMesh, shop: CredentialRuntime) -> None:
    """Its public half fits the certificate; what it signs nobody could verify. From files or applied."""
    unsound, now = forge.unsound_key(), datetime.now(UTC)
    root = forge.ca("elsewhere", start=now - timedelta(days=1), end=now + timedelta(days=9))
    public = forge.certified(HOST, root, unsound.public_key(), now)
    brought = Brought(certificate=public, private_key=key_pem(unsound).decode())
    for action in (Rotate(targets=(TARGET,), terms=Terms(brought=brought)), Apply(text=str(document(brought)))):
        with pytest.raises(UsageError, match="The private key cannot be read"):
            await opened.plan(action)


# What is not taken.


async def test_what_envoy_refuses_is_taken_back(core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime) -> None:
    """At once, with Envoy's reason; what undo would bring back is what it was, and the row says that it failed."""
    await perform(opened, Rotate(targets=(TARGET,)))
    held, before = shop.facts, previous(core)
    assert held is not None
    with pytest.raises(MeshError, match=rf"must-staple.*taken back: {held.serial} is served again"):
        await shop.bring(unheard, pair(more=[MUST_STAPLE]))
    assert (await served(core), shop.facts, previous(core)) == (held.serial, held, before)
    row = core.board.row(TARGET)
    assert row is not None
    assert (row.state, row.truths, row.disagreement) == (RotationState.FAILED, (Mark.AGREES,) * 4, "")
    assert "must-staple" in row.last_error
    assert (await perform(opened, Rotate(targets=(TARGET,)))).error == ""
    assert shop.error == ""


async def test_what_envoy_takes_and_no_client_does_is_taken_back(core: MeshCore, shop: CredentialRuntime) -> None:
    """A chain of 200 KB: acknowledged, and every handshake fails from then on."""
    held = shop.facts
    assert held is not None
    heard: list[Step] = []
    with pytest.raises(MeshError, match=r"takes no handshake with .*, as it did before"):
        await shop.bring(lambda step, _text: heard.append(step), pair(behind=600))
    assert heard == [Step.SIGNED, Step.PUSHED, Step.VERIFYING, Step.FAILED]
    assert (await served(core), shop.facts, previous(core)) == (held.serial, held, "")


async def test_a_first_one_that_is_not_taken_stays(core: MeshCore, shop: CredentialRuntime) -> None:
    """There is nothing to go back to, and the row says what is wrong with it."""
    await core.remove(SECRET)
    first = core.credentials[TARGET]
    with pytest.raises(MeshError, match=r"There was none before it, so it stays\."):
        await first.bring(unheard, pair(more=[MUST_STAPLE]), first=True)
    assert first.facts is not None
    assert core.catalog.get(SECRET) is not None


async def test_a_host_that_did_not_answer_before_is_no_reason_to_go_back(
    core: MeshCore, monkeypatch: pytest.MonkeyPatch, shop: CredentialRuntime
) -> None:
    """Something else is in its way; the new certificate is in the Secret and in Envoy."""
    broken = parse_document(document(pair(behind=600)))
    assert isinstance(broken, Secret)
    await core.apply([broken])
    async with asyncio.timeout(10):
        while await shop._follower.answering():
            pass
    monkeypatch.setattr("meshtui.backends.embedded.following.SERVE_DEADLINE", 2.0)
    with pytest.raises(UnreachableError, match="takes no handshake, nor did it before"):
        await shop.bring(unheard, pair(behind=600))
    leaf = leaf_of(broken)
    assert leaf is not None
    assert (previous(core), shop.error) == (leaf.serial, "")


# What others do meanwhile.


def after_writing(core: MeshCore, monkeypatch: pytest.MonkeyPatch, do: Callable[[], Awaitable[None]]) -> None:
    """Let something happen between the Secret and the wire, once."""
    real, done = core._versions.replace, False

    async def replace(*arguments: Any) -> None:
        nonlocal done
        await real(*arguments)
        if not done:
            done = True
            await do()

    monkeypatch.setattr(core._versions, "replace", replace)


async def test_who_applies_while_a_certificate_is_signed_has_the_last_word(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime
) -> None:
    """The rotation says so and changes nothing; undo goes back to what was there before the other's change."""
    before = shop.facts
    assert before is not None
    other = parse_document(document(pair()))
    assert isinstance(other, Secret)
    plan = await opened.plan(Rotate(targets=(TARGET,), terms=Terms(key_kind="RSA 3072")))
    async for last in opened.perform(plan.id):
        if last.step is Step.KEY:
            await core.apply([other])
    assert "was changed meanwhile; that change stands" in last.error
    assert core.catalog.get(SECRET) == other
    assert previous(core) == before.serial


async def test_who_applies_before_it_is_served_has_the_last_word(
    core: MeshCore, monkeypatch: pytest.MonkeyPatch, shop: CredentialRuntime
) -> None:
    """What is in the Secret then is not taken for what failed, and not taken back."""
    other = parse_document(document(pair()))
    after_writing(core, monkeypatch, lambda: core.apply([other]))
    with pytest.raises(RefusedError, match="was changed meanwhile; that change stands"):
        await shop.rotate(unheard, "test")
    assert core.catalog.get(SECRET) == other
    assert shop.error == ""


async def test_who_deletes_before_it_is_served_has_the_last_word(
    core: MeshCore, monkeypatch: pytest.MonkeyPatch, shop: CredentialRuntime
) -> None:
    """Secret and Gateway are gone, and nothing comes back."""

    async def delete() -> None:
        await core.remove(ObjectKey("Gateway", "prod", "shop"))
        await core.remove(SECRET)

    after_writing(core, monkeypatch, delete)
    with pytest.raises(RefusedError, match="was deleted meanwhile; that change stands"):
        await shop.rotate(unheard, "test")
    assert (core.catalog.get(SECRET), TARGET in core.credentials, core.board.row(TARGET)) == (None, False, None)


async def test_two_who_issue_the_same_one(core: MeshCore, opened: EmbeddedMesh) -> None:
    """One of them makes it, the other is told."""
    target = "gateway/istio-system/twice"
    action = Issue(targets=(target,), terms=Terms(hosts=("twice.example.com",)))
    plans = [await opened.plan(action) for _ in range(2)]

    async def done(plan_id: str) -> Progress:
        return [progress async for progress in opened.perform(plan_id)][-1]

    ends = await asyncio.gather(*(done(plan.id) for plan in plans))
    assert sorted(bool(end.error) for end in ends) == [False, True]
    assert any("has a certificate by now" in end.error for end in ends)
    await perform(opened, Delete(kind="Secret", name="twice", namespace="istio-system"))


async def test_an_issue_that_comes_to_nothing_leaves_nothing(
    core: MeshCore, opened: EmbeddedMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row and no Secret for what was never made."""
    assert core.context is not None

    async def refuse(**_order: Any) -> None:
        raise RefusedError("No.")

    monkeypatch.setattr(core.context.gateway_ca, "issue", refuse)
    target = "gateway/istio-system/never"
    last = await perform(opened, Issue(targets=(target,), terms=Terms(hosts=("never.example.com",))))
    assert last.error == "No."
    assert (core.board.row(target), target in core.credentials) == (None, False)


async def test_a_plan_that_would_do_something_else_by_now_is_refused(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime
) -> None:
    """What was confirmed was to go back to the first certificate, not to the second."""
    await perform(opened, Rotate(targets=(TARGET,)))
    plan = await opened.plan(Undo(target=TARGET))
    await perform(opened, Rotate(targets=(TARGET,)))
    with pytest.raises(RefusedError, match="it would do something else now"):
        await anext(aiter(opened.perform(plan.id)))


async def test_an_undo_that_had_to_wait_goes_back_to_what_it_was_asked_for(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime
) -> None:
    """Or to nothing: the rotation that it waited for has made another version the one before."""
    await perform(opened, Rotate(targets=(TARGET,)))
    rotating = asyncio.create_task(shop.rotate(unheard, "schedule"))
    await asyncio.sleep(0)  # one turn of the loop: it has begun
    with pytest.raises(RefusedError, match="it would go back to another version now"):
        await shop.undo(unheard)
    assert (await rotating)[1] == shop.facts


# Undo, and who rotates.


async def test_an_undone_certificate_stays_until_it_is_rotated_by_hand(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime
) -> None:
    """Or the schedule would replace at once what was brought back because it is older."""
    first = shop.facts
    assert first is not None
    await perform(opened, Rotate(targets=(TARGET,)))
    plan = await opened.plan(Undo(target=TARGET))
    assert "It is not rotated by itself then, until it has been rotated by hand once." in plan.effects
    assert [progress async for progress in opened.perform(plan.id)][-1].after == first
    assert await served(core) == first.serial
    assert (shop.manual, shop._due() - core.clock() > timedelta(hours=1)) == (True, True)
    assert (await opened.detail(TARGET)).desired["rotated"] == "by you, once: an undone version stays until then"
    plan = await opened.plan(Rotate(targets=(TARGET,)))
    assert "From then on it is rotated by itself again." in plan.effects
    assert [progress async for progress in opened.perform(plan.id)][-1].error == ""
    assert not shop.manual


async def test_undo_goes_back_to_who_signed_it(core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime) -> None:
    """From a pair from files to one of a gateway root, with all that makes the next one like it; and forth again."""
    await perform(opened, Rotate(targets=(TARGET,), terms=Terms(brought=pair())))
    foreign = shop.facts
    await perform(opened, Undo(target=TARGET))
    assert (shop.authority, shop.brought) == ("example.com", False)
    await perform(opened, Undo(target=TARGET))
    assert (shop.facts, shop.authority) == (foreign, "")


async def test_what_is_applied_can_be_undone(core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime) -> None:
    """If it brought another key pair; an annotation alone leaves the version before as it is."""
    before = shop.facts
    assert before is not None
    assert (await perform(opened, Apply(text=str(document(pair()))))).error == ""
    assert previous(core) == before.serial
    annotated = {**core.catalog.get(SECRET).document}  # type: ignore[union-attr]  # it is there
    annotated["metadata"] = {**annotated["metadata"], "annotations": {"team": "shop"}}
    await perform(opened, Apply(text=str(annotated)))
    assert previous(core) == before.serial
    plan = await opened.plan(Undo(target=TARGET))
    assert "Labels, annotations and other data of the Secret are what they were then, too." in plan.effects
    assert [progress async for progress in opened.perform(plan.id)][-1].after == before


async def test_undo_refuses_what_has_expired(core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime) -> None:
    """What nobody would accept is not put in service again."""
    expired, now = parse_document(document(pair(end=timedelta(minutes=-1)))), core.catalog.get(SECRET)
    assert isinstance(expired, Secret)
    assert isinstance(now, Secret)
    core.desired.exchange(now, expired)
    with pytest.raises(RefusedError, match=r"The version before, .*, expired at"):
        await opened.plan(Undo(target=TARGET))


async def test_the_version_before_goes_with_its_secret(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime
) -> None:
    """Both keys are gone, and the plan says so."""
    await perform(opened, Rotate(targets=(TARGET,)))
    assert previous(core)
    plan = await opened.plan(Delete(kind="Secret", name="shop", namespace="istio-system"))
    assert plan.effects == ("Its key and certificate are gone for good, and so is the version before.",)
    assert plan.warnings == (f"It is in use: host {HOST}, Gateway prod/shop fail without it.",)
    await core.remove(SECRET)
    assert previous(core) == ""
    assert core.desired._store.previous() == []


async def test_no_version_before_is_shown(core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime) -> None:
    """`get` shows the Secret of now, and of the one before only its serial is said anywhere."""
    await perform(opened, Rotate(targets=(TARGET,)))
    kept = core.desired.previous[SECRET].document["data"]
    said = f"{await opened.get('Secret')}{await opened.detail(TARGET)}{await opened.snapshot()}{core.board.row(TARGET)}"
    assert previous(core) in said
    assert all(value not in said for value in kept.values())


async def test_a_manual_certificate_is_left_to_a_person(
    core: MeshCore, opened: EmbeddedMesh, shop: CredentialRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is due and overdue like any other, when the settings say, and that it is manual; nobody else rotates it."""
    secret = core.catalog.get(SECRET)
    assert isinstance(secret, Secret)
    metadata = {**secret.document["metadata"]}
    metadata["annotations"] = {**metadata["annotations"], "meshtui.io/rotation": "manual"}
    await core.apply([parse_document({**secret.document, "metadata": metadata})])
    assert shop.facts is not None
    late = shop.facts.not_after - timedelta(days=30)
    row = credential_row(shop, late)
    assert (row.manual, row.state) == (True, RotationState.OVERDUE)
    with monkeypatch.context() as patched:
        patient = replace(shop._context, settings=replace(core.settings, overdue_at=0.99))
        patched.setattr(shop, "_context", patient)
        assert credential_row(shop, late).state is RotationState.DUE
    assert shop._due() - core.clock() > timedelta(hours=1)
    assert (await perform(opened, Rotate(targets=(TARGET,)))).error == ""
    assert shop.manual
    gateway = next(each for each in (await opened.snapshot()).gateways if each.target == TARGET)
    assert gateway.rotation.manual


async def test_what_is_due_is_rotated_by_itself_and_can_be_undone(core: MeshCore, shop: CredentialRuntime) -> None:
    """The schedule goes the same way as a person, and keeps the version before."""
    before = shop.facts
    assert before is not None
    await shop._rotate_when_due()
    assert shop.facts != before
    assert previous(core) == before.serial
    assert await served(core) == (shop.facts.serial if shop.facts is not None else "")
