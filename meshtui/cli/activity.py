"""Commands that look at what goes on: `policies`, `traffic` and `audit`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import click

from meshtui.cli import activity_contract, contract
from meshtui.cli.completion import complete_target
from meshtui.cli.exit_codes import Exit
from meshtui.cli.looking import whole_entry
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.mesh.events import ActivityChanged
from meshtui.mesh.filter import Filter
from meshtui.mesh.filters.audit import ENTRIES
from meshtui.mesh.filters.calls import PAIRS
from meshtui.mesh.interface import Mesh
from meshtui.mesh.traffic import KINDS, AuditQuery, Call, Pair, TrafficQuery
from meshtui.present.audit import AUDIT, told
from meshtui.present.columns import Table, joined, titles
from meshtui.present.ends import caller_name
from meshtui.present.policies import POLICIES
from meshtui.present.tones import Line
from meshtui.present.traffic import DENIED, TRAFFIC, call_key
from meshtui.settings import parse_duration

T = TypeVar("T")

_FOLLOWED = 1_000
"""Denied calls of one reading while they are followed."""


@click.command()
@click.option("-n", "--namespace", default="", help="Only this namespace (default: all).")
@common_options
def policies(common: Common, *, namespace: str) -> int:
    """Show every policy: what it says, whom it is about, and how the proxies enforce it.

    A policy is in force, a dry run, pending (not every proxy has it yet), without effect, or rejected by Envoy.
    What they come to together: meshtui explain.
    """
    output = Output(common)
    rows = [row for row in with_mesh(common, lambda mesh: mesh.policies()) if namespace in ("", row.namespace)]
    if output.json:
        output.data({"policies": [activity_contract.policy(row) for row in rows]})
    elif output.terminal:
        output.lines(_table_lines(rows, POLICIES, output))
    else:
        for row in rows:
            counts = (str(row.workloads), str(row.decisions))
            what = (row.kind, row.namespace, row.name, row.state, row.says, row.scope)
            output.lines([output.fields((*what, *counts, row.problem))])
    return Exit.FINE


@click.command()
@click.argument("words", nargs=-1, metavar="[FILTER]...")
@click.option("--denied", is_flag=True, help="Denied calls one by one, newest first.")
@click.option("--follow", is_flag=True, help="Denied calls one by one, and then those to come, until stopped.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=200, show_default=True)
@common_options
def traffic(common: Common, *, words: tuple[str, ...], denied: bool, follow: bool, limit: int) -> int:
    """Show who called whom as the proxies tell it: counts by pair of identities, denied ones first.

    FILTER is words that must all occur, !words that must not, and fields: from:sleep to:httpbin outcome:denied
    port:8000 count>100 last<5m is:trouble; also ns: policy: method: host: path: tls: reporter: status: rate:.
    """
    output = Output(common)
    text = " ".join(words)
    _tell_problem(Filter.parse(text, PAIRS), output)
    query = TrafficQuery(filter=text, denied_only=denied or follow, limit=limit)
    if follow:
        with_mesh(common, lambda mesh: _follow(mesh, query, output))
        return Exit.FINE
    seen = with_mesh(common, lambda mesh: mesh.traffic(query))
    if output.json:
        output.data(activity_contract.traffic(seen))
    elif denied:
        output.lines(_call_lines(seen.denied, output))
    elif output.terminal:
        output.lines(_table_lines(seen.pairs, TRAFFIC, output))
    else:
        output.lines(output.fields(_pair_fields(pair)) for pair in seen.pairs)
    return Exit.FINE


@click.command()
@click.argument("target", required=False, default="", shell_complete=complete_target)
@click.option("--filter", "words", default="", help=f"Words, !words, and fields: {ENTRIES.names}")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only these (repeatable).")
@click.option("--since", default="", help="Only what happened in this time: 1h, 30m.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@common_options
def audit(common: Common, *, target: str, words: str, kinds: tuple[str, ...], since: str, limit: int) -> int:
    """Show what was issued, refused, configured, denied and done by operators, newest first."""
    output = Output(common)
    _tell_problem(Filter.parse(words, ENTRIES), output)
    age = parse_duration(since) if since else timedelta(0)
    moment = output.now - age if age else None
    query = AuditQuery(filter=words, kinds=kinds, target=target, since=moment, limit=limit)
    entries = with_mesh(common, lambda mesh: mesh.audit(query))
    if output.json:
        output.data({"entries": [contract.history(entry) for entry in entries]})
    elif output.terminal:
        output.lines(_table_lines(told(entries), AUDIT, output))
    else:
        output.lines(line for entry in entries for line in whole_entry(entry, output))
    return Exit.FINE


def _tell_problem(found: Filter[Any], output: Output) -> None:
    """Say what is odd about a filter, which is asked for all the same."""
    if found.problem:
        output.complain(f"The filter: {found.problem}")


async def _follow(mesh: Mesh, query: TrafficQuery, output: Output) -> None:
    """Print denied calls as they come, the oldest first. Ends when the mesh does, or by a signal."""
    known: set[str] = set()

    async def fresh() -> list[Call]:
        """Those that were not seen yet, newest first."""
        seen = await mesh.traffic(TrafficQuery(filter=query.filter, denied_only=True, limit=_FOLLOWED))
        calls = [call for call in seen.denied if call_key(call) not in known]
        known.update(map(call_key, calls))
        return calls

    events = aiter(mesh.watch())
    first = asyncio.ensure_future(anext(events, None))
    # the watch begins with its first step; what is denied after that is not missed
    await asyncio.sleep(0)
    _tell((await fresh())[: query.limit], output)
    event = await first
    while event is not None:
        if isinstance(event, ActivityChanged):
            _tell(await fresh(), output)
        event = await anext(events, None)


def _tell(calls: list[Call], output: Output) -> None:
    """Print calls, given newest first, in the order in which they were made."""
    if output.json:
        for call in reversed(calls):
            click.echo(json.dumps(activity_contract.call(call), ensure_ascii=output.glyphs.ascii_only))
    else:
        output.lines(_call_lines(calls[::-1], output, heading=False))


def _table_lines(items: Sequence[T], table: Table[T], output: Output, *, heading: bool = True) -> Iterator[Line]:
    columns = table.layout(output.width)
    if heading:
        yield titles(columns, output.glyphs)
    for item in items:
        yield joined(table.cells(item, columns, output.now, output.glyphs))


def _call_lines(calls: Sequence[Call], output: Output, *, heading: bool = True) -> Iterator[Line]:
    if output.terminal:
        yield from _table_lines(calls, DENIED, output, heading=heading)
    else:
        yield from (output.fields(_call_fields(call)) for call in calls)


def _pair_fields(pair: Pair) -> tuple[str, ...]:
    """Every field of a pair, whole, for programs that cut at tabs."""
    numbers = (pair.outcome, str(pair.count), f"{pair.per_second:g}")
    ends = (pair.source or caller_name(pair), pair.source_target, pair.destination, pair.destination_identity)
    last = (contract.time(pair.last_at) or "", str(pair.last_status or ""), pair.last_text)
    return (*numbers, *ends, pair.policy, pair.tls, pair.reporter, *last)


def _call_fields(call: Call) -> tuple[str, ...]:
    """Every field of a call, in the same way."""
    ends = (call.source or caller_name(call), call.source_target, call.destination, call.destination_identity)
    request = (call.method, call.host, call.path, str(call.status or ""))
    return (contract.time(call.at) or "", call.outcome, *ends, *request, call.policy, call.tls, call.details)
