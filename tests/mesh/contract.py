"""What every `Mesh` promises, whatever is behind it. Each backend's tests run all of these over a demo mesh."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from meshtui.errors import IdentityError, ManifestError, RefusedError, UsageError
from meshtui.identity.keys import key_pem
from meshtui.mesh.actions import Apply, Brought, Delete, Issue, Progress, Rotate, Terms, Undo
from meshtui.mesh.caller import Caller
from meshtui.mesh.events import MeshEvent, RowChanged
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, Row, Sort, Step, View
from meshtui.mesh.targets import serial_in
from tests.identity import forge
from tests.mesh.access_contract import AccessContract

WORKLOAD = "workload/prod/httpbin"
GATEWAY = "gateway/istio-system/httpbin-credential"
NEW = "gateway/istio-system/made"
DEADLINE = 10.0
HOUR = timedelta(hours=1)

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: contract}\n"
TWO_GATEWAYS = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: contract, namespace: prod}
spec:
  selector: {istio: nobody}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [contract.example.com]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: contract, namespace: prod}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""


def made_elsewhere(host: str) -> Brought:
    """A pair that some other CA has signed, valid now."""
    now = datetime.now(UTC)
    root = forge.ca("elsewhere", start=now - timedelta(days=1), end=now + timedelta(days=9))
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    pair = forge.make([(names, True)], issuer=root, start=now - timedelta(hours=1), end=now + timedelta(days=1))
    return Brought(certificate=pair.pem, private_key=key_pem(pair.key).decode(), files=("server.pem", "server.key"))


async def perform(mesh: Mesh, action: Any) -> list[Progress]:
    plan = await mesh.plan(action)
    return [progress async for progress in mesh.perform(plan.id)]


async def row_of(mesh: Mesh, target: str) -> Row:
    page = await mesh.rows(Query(limit=1000))
    return next(row for row in page.rows if row.target == target)


class MeshContract(AccessContract):
    """Inherit it, and give a fixture `mesh`."""

    async def test_info_says_of_every_verb_whether_it_works(self, mesh: Mesh) -> None:
        """A front end can grey a key out and say why."""
        capabilities = (await mesh.info()).capabilities
        assert {"issue", "rotate", "undo", "verify", "apply", "delete"} <= {each.verb for each in capabilities}
        assert all(each.available or each.reason for each in capabilities)

    async def test_pages_join_to_the_whole(self, mesh: Mesh) -> None:
        """Paging neither repeats nor loses a row."""
        whole = await mesh.rows(Query(limit=1000))
        pages = [await mesh.rows(Query(offset=offset, limit=3)) for offset in range(0, whole.matching, 3)]
        assert [row.target for page in pages for row in page.rows] == [row.target for row in whole.rows]
        assert {page.matching for page in pages} == {whole.matching}

    async def test_a_page_is_found_around_a_target(self, mesh: Mesh) -> None:
        """Whoever knows a target finds the page that it is on; where it is not in the list, another page."""
        whole = (await mesh.rows(Query(sort=Sort.TARGET, limit=1000))).rows
        for place, row in enumerate(whole):
            page = await mesh.rows(Query(sort=Sort.TARGET, around=row.target, before=1, limit=3))
            begin = max(place - 1, 0)
            assert (page.place, page.rows) == (place, whole[begin : begin + 3])
        nowhere = await mesh.rows(Query(sort=Sort.TARGET, around="workload/no/body", offset=1, limit=2))
        assert (nowhere.place, nowhere.rows) == (None, whole[1:3])

    async def test_rows_are_found_by_their_targets(self, mesh: Mesh) -> None:
        """Only those that are named and there, in the order of the list; nobody else is counted."""
        rows = (await mesh.rows(Query(limit=1000))).rows
        named = (rows[2].target, "workload/no/body", rows[0].target)
        page = await mesh.rows(Query(targets=named))
        assert [row.target for row in page.rows] == [rows[0].target, rows[2].target]
        assert (page.matching, page.total) == (2, 2)

    async def test_rows_come_soonest_to_expire_first(self, mesh: Mesh) -> None:
        """The default order is that of death."""
        ends = [row.not_after for row in (await mesh.rows(Query(limit=1000))).rows if row.not_after is not None]
        assert ends == sorted(ends)

    async def test_sort_by_target_can_be_reversed(self, mesh: Mesh) -> None:
        """The same rows, the other way round."""
        rows = (await mesh.rows(Query(sort=Sort.TARGET, limit=1000))).rows
        reverse = (await mesh.rows(Query(sort=Sort.TARGET, descending=True, limit=1000))).rows
        assert [row.target for row in rows] == sorted(row.target for row in rows)
        assert [row.target for row in reverse] == [row.target for row in rows][::-1]

    @pytest.mark.parametrize(
        ("view", "prefix"),
        [(View.WORKLOADS, "workload/"), (View.GATEWAYS, "gateway/"), (View.AUTHORITIES, "authority/")],
    )
    async def test_a_view_has_its_own_kind_only(self, mesh: Mesh, view: View, prefix: str) -> None:
        """Workloads are workloads."""
        page = await mesh.rows(Query(view=view, limit=1000))
        assert page.rows
        assert all(row.target.startswith(prefix) for row in page.rows)
        assert page.total == len(page.rows)

    async def test_filter_words_must_all_occur_and_can_be_negated(self, mesh: Mesh) -> None:
        """Space means and, ! means not; `total` counts what the filter hides."""
        found = await mesh.rows(Query(filter="prod httpbin !gateway"))
        assert [row.target for row in found.rows] == [WORKLOAD]
        assert found.matching == 1 < found.total

    async def test_a_filter_compares_fields(self, mesh: Mesh) -> None:
        """Fields are asked of rows where the rows are, as of their owner's clock; what is half typed hides nothing."""
        found = await mesh.rows(Query(filter="kind:workload ns=prod name:httpb* left>0 !left>100%"))
        assert [row.target for row in found.rows] == [WORKLOAD]
        waiting = await mesh.rows(Query(filter="kind:workload left<", limit=1000))
        assert waiting.rows == (await mesh.rows(Query(view=View.WORKLOADS, limit=1000))).rows

    @pytest.mark.parametrize("sort", Sort)
    async def test_every_sort_can_be_reversed(self, mesh: Mesh, sort: Sort) -> None:
        """Both directions have the same rows, and pages of either join to it."""
        rows = (await mesh.rows(Query(sort=sort, limit=1000))).rows
        reverse = (await mesh.rows(Query(sort=sort, descending=True, limit=1000))).rows
        assert {row.target for row in rows} == {row.target for row in reverse}
        pages = [await mesh.rows(Query(sort=sort, descending=True, offset=n, limit=4)) for n in range(0, len(rows), 4)]
        assert [row.target for page in pages for row in page.rows] == [row.target for row in reverse]

    async def test_only_trouble_is_a_part_of_all(self, mesh: Mesh) -> None:
        """What is well can be left out, and is still counted; it is what `is:trouble` finds."""
        found = await mesh.rows(Query(only_trouble=True, limit=1000))
        assert {row.target for row in found.rows} == {
            row.target for row in (await mesh.rows(Query(filter="is:trouble", limit=1000))).rows
        }
        assert found.total == (await mesh.rows(Query())).total

    async def test_the_overview_is_of_the_rows(self, mesh: Mesh) -> None:
        """It counts every row once, names those that expire next, and every authority."""
        async with asyncio.timeout(20):
            # it may be a second old, and a row may have come meanwhile
            while (overview := await mesh.overview()).total != len(rows := (await mesh.rows(Query(limit=1000))).rows):
                pass
        assert overview.total == sum(overview.states.values())
        alive = [row for row in rows if row.not_after is not None and row.not_after > overview.at]
        assert [row.target for row in overview.next] == [row.target for row in alive[:10]]
        assert sum(overview.left) == len(alive)
        authorities = {each.target for each in (await mesh.snapshot()).authorities}
        assert {signer.authority.target for signer in overview.signers} == authorities
        assert sum(signer.issued for signer in overview.signers) > 0
        assert sum(overview.severities.values()) >= len(overview.findings)

    async def test_the_findings_are_those_of_the_snapshot(self, mesh: Mesh) -> None:
        """As many of each severity as the overview counts, worst first, and each says what to do."""
        found, snapshot, overview = await mesh.findings(), await mesh.snapshot(), await mesh.overview()
        assert found.complete
        assert sorted(map(str, found.findings)) == sorted(map(str, snapshot.findings))
        severities = [each.severity for each in found.findings]
        assert severities == [severity for severity, count in overview.severities.items() for _ in range(count)]
        assert all(each.fix for each in found.findings)

    async def test_the_overview_says_how_long_all_goes_on_without_a_ca(self, mesh: Mesh) -> None:
        """The first workload fails when the certificate of one ends, the last with the last of them."""
        outage = (await mesh.overview()).outage
        rows = (await mesh.rows(Query(view=View.WORKLOADS, filter="left>0", limit=1000))).rows
        ends = [row.not_after for row in rows if row.not_after is not None]
        assert outage.workloads == len(ends)
        assert (outage.first, outage.half, outage.all) == (ends[0], ends[(len(ends) - 1) // 2], ends[-1])

    async def test_every_row_has_a_detail(self, mesh: Mesh) -> None:
        """Enter works everywhere, and the leaf of the chain is the certificate of the row."""
        for row in (await mesh.rows(Query(limit=1000))).rows:
            detail = await mesh.detail(row.target)
            assert detail.row.target == row.target
            assert [link.certificate.serial for link in detail.chain[:1]] == ([row.serial] if row.serial else [])

    async def test_a_detail_says_who_presents_it_who_trusts_it_and_what_it_signed(self, mesh: Mesh) -> None:
        """In the same words whatever is behind it: the blast radius begins with that."""
        for row in (await mesh.rows(Query(limit=1000))).rows:
            depends = (await mesh.detail(row.target)).depends
            if row.target.startswith("authority/"):
                assert re.match(r"trusted by (none|\d+) of \d+ workloads", depends[0])
                assert re.match(r"signed (no|\d+) certificates? in service", depends[-1])
            elif not row.serial:
                assert depends[0] == "nothing presents it: there is no certificate"
            else:
                assert re.match(r"(to be )?presented by envoy \S+ |nothing presents it: ", depends[0])
                of_workload = row.target.startswith("workload/")
                roots = r"trusted by \d+ of \d+ workloads through " if of_workload else "clients need "
                assert re.match(roots, depends[1])

    async def test_a_detail_has_the_findings_of_its_target(self, mesh: Mesh) -> None:
        """What is wrong with one target is the same whether all are looked at or it alone."""
        snapshot = await mesh.snapshot()
        for row in (await mesh.rows(Query(limit=1000))).rows:
            expected = [finding for finding in snapshot.findings if finding.target == row.target]
            assert expected == list((await mesh.detail(row.target)).findings)

    async def test_detail_by_spiffe_id(self, mesh: Mesh) -> None:
        """An identity that one workload has names that workload."""
        identity = (await row_of(mesh, WORKLOAD)).identity
        assert (await mesh.detail(identity)).row.target == WORKLOAD

    @pytest.mark.parametrize("target", ["workload/prod/nobody", "spiffe://cluster.local/ns/no/sa/body", "nonsense", ""])
    async def test_unknown_target_is_a_usage_error(self, mesh: Mesh, target: str) -> None:
        """It names what was asked for."""
        with pytest.raises(UsageError, match=target or "target"):
            await mesh.detail(target)
        with pytest.raises(UsageError):
            await mesh.verify(target)
        with pytest.raises(UsageError):
            await mesh.plan(Rotate(targets=(target,)))

    async def test_no_detail_shows_a_private_key(self, mesh: Mesh) -> None:
        """PEM is of certificates only."""
        for row in (await mesh.rows(Query(limit=1000))).rows:
            assert "PRIVATE KEY" not in repr(await mesh.detail(row.target))

    async def test_plan_tells_and_changes_nothing(self, mesh: Mesh) -> None:
        """Steps, the blast radius and the same on the command line; the row stays as it is."""
        before = await row_of(mesh, WORKLOAD)
        plan = await mesh.plan(Rotate(targets=(WORKLOAD,)))
        assert [step.target for step in plan.steps] == [WORKLOAD]
        assert plan.command == f"meshtui rotate {WORKLOAD}"
        assert (await row_of(mesh, WORKLOAD)).serial == before.serial

    @pytest.mark.parametrize("target", [WORKLOAD, GATEWAY])
    async def test_rotate_replaces_the_certificate_step_by_step(self, mesh: Mesh, target: str) -> None:
        """The last word is `done`, with the old and the new certificate; the row has the new one."""
        before = await row_of(mesh, target)
        progress = await perform(mesh, Rotate(targets=(target,)))
        last = progress[-1]
        assert [each.done for each in progress] == [False] * (len(progress) - 1) + [True]
        assert (last.step, last.error) == (Step.SERVED, "")
        assert last.before is not None
        assert last.after is not None
        assert last.before.serial == before.serial != last.after.serial
        assert (await row_of(mesh, target)).serial == last.after.serial

    async def test_undo_brings_the_certificate_before_back_and_once_more_undoes_that(self, mesh: Mesh) -> None:
        """By the same steps as a rotation; the row says what another undo would bring, and the history that it was."""
        last = (await perform(mesh, Rotate(targets=(GATEWAY,))))[-1]
        assert last.before is not None
        assert last.after is not None
        assert (await row_of(mesh, GATEWAY)).previous == last.before.serial
        plan = await mesh.plan(Undo(target=GATEWAY))
        assert (plan.verb, plan.command) == ("undo", f"meshtui undo {GATEWAY}")
        assert last.before.serial in plan.steps[0].text
        undone = [progress async for progress in mesh.perform(plan.id)][-1]
        assert (undone.step, undone.error, undone.before, undone.after) == (Step.SERVED, "", last.after, last.before)
        row = await row_of(mesh, GATEWAY)
        assert (row.serial, row.previous, row.disagreement) == (last.before.serial, last.after.serial, "")
        newest = next(entry for entry in await mesh.history(GATEWAY, limit=10) if entry.kind == "operator")
        assert (newest.text.partition(":")[0], newest.outcome, newest.serial) == ("undo", "ok", last.before.serial)
        again = (await perform(mesh, Undo(target=GATEWAY)))[-1]
        assert again.after == last.after

    async def test_only_a_gateway_that_had_another_certificate_can_be_undone(self, mesh: Mesh) -> None:
        """Nobody has the key of a workload's certificate before, and an authority signs others."""
        authority = (await mesh.rows(Query(view=View.AUTHORITIES))).rows[0].target
        for target in (WORKLOAD, authority):
            with pytest.raises(RefusedError):
                await mesh.plan(Undo(target=target))

    async def test_a_gateway_certificate_is_made_to_order(self, mesh: Mesh) -> None:
        """One that is not there yet, for these hosts, by this root, for so long; it is then one like any other."""
        terms = Terms(hosts=("a.contract.example", "b.contract.example"), issuer="contract.example", lifetime=HOUR)
        with pytest.raises(UsageError):
            await mesh.plan(Issue(targets=(NEW,)))
        plan = await mesh.plan(Issue(targets=(NEW,), terms=terms))
        hosts = "--host a.contract.example --host b.contract.example"
        assert plan.command == f"meshtui issue {NEW} {hosts} --issuer contract.example --lifetime 1h"
        assert any(command.startswith("openssl req -new") for command in plan.by_hand)
        assert plan.by_hand[-1].startswith("kubectl create secret tls made -n istio-system ")
        last = [progress async for progress in mesh.perform(plan.id)][-1]
        assert (last.done, last.error, last.before) == (True, "", None)
        assert last.after is not None
        assert last.after.sans == terms.hosts
        assert "contract.example" in last.after.issuer
        row = await row_of(mesh, NEW)
        assert (row.serial, row.previous) == (last.after.serial, "")
        with pytest.raises(RefusedError):
            await mesh.plan(Issue(targets=(NEW,), terms=terms))
        with pytest.raises(RefusedError):
            await mesh.plan(Undo(target=NEW))
        await perform(mesh, Delete(kind="Secret", name="made", namespace="istio-system"))
        with pytest.raises(UsageError):
            await mesh.detail(NEW)

    async def test_a_certificate_from_files_replaces_one_and_can_be_undone(self, mesh: Mesh) -> None:
        """It is looked at before anything changes, and its key is in nothing that the mesh says."""
        before = await row_of(mesh, GATEWAY)
        good, other = made_elsewhere("httpbin.example.com"), made_elsewhere("other.example.com")
        with pytest.raises(IdentityError, match=r"for other\.example\.com, not for httpbin\.example\.com"):
            await mesh.plan(Rotate(targets=(GATEWAY,), terms=Terms(brought=other)))
        action = Rotate(targets=(GATEWAY,), terms=Terms(brought=good))
        assert "PRIVATE KEY" not in repr(action)
        plan = await mesh.plan(action)
        assert plan.command == f"meshtui rotate {GATEWAY} --cert server.pem --key server.key"
        assert "PRIVATE KEY" not in repr(plan)
        last = [progress async for progress in mesh.perform(plan.id)][-1]
        assert (last.error, (await row_of(mesh, GATEWAY)).issuer) == ("", "elsewhere")
        undone = (await perform(mesh, Undo(target=GATEWAY)))[-1]
        assert undone.after is not None
        assert undone.after.serial == before.serial
        assert (await row_of(mesh, GATEWAY)).issuer == before.issuer

    async def test_what_a_certificate_is_to_be_is_said_of_one_gateway(self, mesh: Mesh) -> None:
        """Hosts of a workload, or of two gateways at once, are a mistake."""
        for targets in ((WORKLOAD,), (GATEWAY, NEW)):
            with pytest.raises(UsageError):
                await mesh.plan(Rotate(targets=targets, terms=Terms(hosts=("a.example.com",))))

    async def test_watchers_see_a_rotation(self, mesh: Mesh) -> None:
        """An event brings the row with its new serial, without anyone asking."""
        seen: list[MeshEvent] = []
        watching = asyncio.Event()

        async def watch() -> None:
            async with aclosing(mesh.watch()) as events:  # type: ignore[type-var]  # all are async generators
                watching.set()
                async for event in events:
                    seen.append(event)
                    if isinstance(event, RowChanged) and event.row.serial == after:
                        return

        after = "not yet"
        watcher = asyncio.create_task(watch())
        await watching.wait()
        await mesh.info()  # a round trip: the watch that was asked for before it has begun
        last = (await perform(mesh, Rotate(targets=(WORKLOAD,))))[-1]
        assert last.after is not None
        after = last.after.serial
        if not any(isinstance(event, RowChanged) and event.row.serial == after for event in seen):
            async with asyncio.timeout(DEADLINE):
                await watcher
        watcher.cancel()

    async def test_a_plan_is_good_for_once(self, mesh: Mesh) -> None:
        """The second use is refused."""
        plan = await mesh.plan(Rotate(targets=(WORKLOAD,)))
        assert [each async for each in mesh.perform(plan.id)][-1].done
        with pytest.raises(RefusedError):
            await anext(aiter(mesh.perform(plan.id)))

    async def test_an_unknown_plan_is_refused(self, mesh: Mesh) -> None:
        """A made-up id does nothing."""
        with pytest.raises(RefusedError):
            await anext(aiter(mesh.perform("made-up")))

    async def test_issue_is_refused_where_there_is_a_certificate(self, mesh: Mesh) -> None:
        """Issue makes the first one; rotate replaces it."""
        with pytest.raises(RefusedError):
            await mesh.plan(Issue(targets=(WORKLOAD,)))

    async def test_authorities_are_not_rotated_like_leaves(self, mesh: Mesh) -> None:
        """Whatever the verb."""
        authority = (await mesh.rows(Query(view=View.AUTHORITIES))).rows[0].target
        with pytest.raises(RefusedError):
            await mesh.plan(Rotate(targets=(authority,)))

    @pytest.mark.parametrize("target", [WORKLOAD, GATEWAY])
    async def test_verify_goes_check_by_check(self, mesh: Mesh, target: str) -> None:
        """Each check says what was seen, and a healthy target passes all."""
        verification = await mesh.verify(target)
        assert verification.target == target
        assert all(check.seen for check in verification.checks)
        assert [check for check in verification.checks if not check.passed] == []

    async def test_what_was_asked_of_a_gateway_can_be_repeated_by_hand(self, mesh: Mesh) -> None:
        """With curl and openssl, for its host at its address; of a workload there is nothing that anybody could ask."""
        verification = await mesh.verify(GATEWAY, Caller())
        (host,) = {check.host for check in verification.checks if check.host}
        (address,) = {check.address for check in verification.checks if check.address}
        curl, openssl = verification.by_hand
        assert curl.startswith("curl ")
        assert f"--resolve {host}:{address.rpartition(':')[2]}:" in curl
        assert openssl.startswith(f"openssl s_client -connect {address} -servername {host} ")
        assert (await mesh.verify(WORKLOAD)).by_hand == ()

    async def test_what_an_operator_did_is_in_the_history(self, mesh: Mesh) -> None:
        """Who, what and how it ended, newest first."""
        last = (await perform(mesh, Rotate(targets=(WORKLOAD,))))[-1]
        assert last.after is not None
        entries = await mesh.history(WORKLOAD, limit=10)
        assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
        done = next(entry for entry in entries if entry.kind == "operator")
        assert (done.outcome, done.serial) == ("ok", last.after.serial)
        assert done.actor
        assert any(entry.kind == "issued" and entry.serial == last.after.serial for entry in entries)

    async def test_a_serial_tells_who_got_it_and_until_when(self, mesh: Mesh) -> None:
        """However its digits are written: who asked by which credential, what it is for, and the whole record."""
        last = (await perform(mesh, Rotate(targets=(WORKLOAD,))))[-1]
        assert last.after is not None
        serial = last.after.serial
        assert serial_in(f"{serial[:2]}:{serial[2:]}".upper()) == serial
        entries = await mesh.history(serial.upper())
        assert {(entry.target, entry.serial) for entry in entries} == {(WORKLOAD, serial)}
        issued = next(entry for entry in entries if entry.kind == "issued")
        assert (issued.credential, issued.not_after) == ("token", last.after.not_after)
        assert issued.actor
        assert issued.record["serial"] == serial
        with pytest.raises(UsageError, match="00ff"):
            await mesh.history("0ff")

    async def test_history_is_bounded(self, mesh: Mesh) -> None:
        """No more than was asked for."""
        assert len(await mesh.history(limit=1)) == 1

    async def test_get_finds_objects_as_kubectl_names_them(self, mesh: Mesh) -> None:
        """By kind, plural or short name."""
        names = [[each["metadata"]["name"] for each in await mesh.get(word)] for word in ("Gateway", "gateways", "gw")]
        assert names[0]
        assert names[0] == names[1] == names[2]

    async def test_get_never_gives_a_private_key(self, mesh: Mesh) -> None:
        """The certificate of a Secret is shown, its key is not."""
        secret = (await mesh.get("Secret", "httpbin-credential", "istio-system"))[0]
        assert secret["data"]["tls.crt"]
        assert secret["data"]["tls.key"] == "(not shown)"

    async def test_get_of_what_is_not_there_is_a_usage_error(self, mesh: Mesh) -> None:
        """An unknown kind, and an unknown name."""
        with pytest.raises(UsageError):
            await mesh.get("Unicorn")
        with pytest.raises(UsageError):
            await mesh.get("Gateway", "nobody")

    async def test_apply_and_delete(self, mesh: Mesh) -> None:
        """What is applied is there, what is deleted is not."""
        assert (await perform(mesh, Apply(text=NAMESPACE)))[-1].done
        assert await mesh.get("Namespace", "contract")
        assert (await perform(mesh, Delete(kind="ns", name="contract")))[-1].done
        with pytest.raises(UsageError):
            await mesh.get("Namespace", "contract")

    async def test_two_gateways_of_one_name_are_two_objects(self, mesh: Mesh) -> None:
        """Istio's and that of the Gateway API are told apart as kubectl does it, and deleted one by one."""
        assert (await perform(mesh, Apply(text=TWO_GATEWAYS)))[-1].done
        for word, version in (("gw", "networking.istio.io/v1"), ("gtw", "gateway.networking.k8s.io/v1")):
            assert [each["apiVersion"] for each in await mesh.get(word, "contract", "prod")] == [version]
        assert (await perform(mesh, Delete(kind="gateways", name="contract", namespace="prod")))[-1].done
        with pytest.raises(UsageError):
            await mesh.get("Gateway", "contract", "prod")
        assert await mesh.get("gateways.gateway.networking.k8s.io", "contract", "prod")
        assert (await perform(mesh, Delete(kind="gtw", name="contract", namespace="prod")))[-1].done
        with pytest.raises(UsageError, match=r"There is no Gateway\.gateway\.networking\.k8s\.io"):
            await mesh.get("gtw", "contract", "prod")

    async def test_bad_documents_change_nothing(self, mesh: Mesh) -> None:
        """All problems are named, and the good document beside the bad one is not applied."""
        bad = "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: prod}\nspec: {ports: nonsense, bogus: 1}\n"
        with pytest.raises(ManifestError) as caught:
            await mesh.plan(Apply(text=f"{NAMESPACE}---\n{bad}"))
        assert any("spec.ports" in problem for problem in caught.value.problems)
        assert any("spec.bogus" in problem for problem in caught.value.problems)
        with pytest.raises(UsageError):
            await mesh.get("Namespace", "contract")

    async def test_token_is_for_workloads(self, mesh: Mesh) -> None:
        """Three parts of base64, and only for who has a service account."""
        token = await mesh.token(WORKLOAD, "istio-ca", timedelta(minutes=5))
        assert token.count(".") == 2
        with pytest.raises(UsageError):
            await mesh.token(GATEWAY, "istio-ca", timedelta(minutes=5))

    async def test_snapshot_has_every_row(self, mesh: Mesh) -> None:
        """`status` and the lists are about the same things."""
        snapshot = await mesh.snapshot()
        targets = {each.target for each in snapshot.identities} | {each.target for each in snapshot.gateways}
        targets |= {each.target for each in snapshot.authorities}
        assert targets == {row.target for row in (await mesh.rows(Query(limit=1000))).rows}
