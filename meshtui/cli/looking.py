"""Commands that only look: `status` and `history`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from meshtui.cli import contract
from meshtui.cli.completion import complete_target
from meshtui.cli.exit_codes import Exit
from meshtui.cli.ledger_check import default_ledger, print_head, print_verdict
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.findings import Severity
from meshtui.mesh.interface import Mesh
from meshtui.mesh.overview import Outage
from meshtui.mesh.rows import HistoryEntry, Page, Query, View
from meshtui.mesh.snapshot import Snapshot
from meshtui.mesh.targets import serial_in
from meshtui.present.cells import paragraph
from meshtui.present.columns import joined, titles
from meshtui.present.detail import finding_lines
from meshtui.present.history import history_lines, record_lines
from meshtui.present.outage import outage_sentence
from meshtui.present.rows import cells, layout
from meshtui.present.tones import Line, Piece, Tone


@click.command()
@common_options
def status(common: Common) -> int:
    """Show every identity, soonest to expire first, and what is wrong. Exits with 1 if a critical finding stands."""

    async def look(mesh: Mesh) -> tuple[Snapshot, Page, Outage]:
        rows = await mesh.rows(Query(view=View.IDENTITIES, limit=10_000))
        return await mesh.snapshot(), rows, (await mesh.overview()).outage

    snapshot, page, outage = with_mesh(common, look)
    output = Output(common)
    if output.json:
        output.data(contract.status(snapshot, outage))
    else:
        output.lines(_status_lines(snapshot, page, outage, output))
    critical = any(finding.severity is Severity.CRITICAL for finding in snapshot.findings)
    return Exit.FAILED_CHECK if critical else Exit.FINE


def _status_lines(snapshot: Snapshot, page: Page, outage: Outage, output: Output) -> list[Line]:
    info, glyphs = snapshot.info, output.glyphs
    dot = f" {glyphs.dot} "
    envoys = f"{info.proxies_running} of {info.proxies_wanted} Envoys" if info.envoy else "no Envoy"
    able = "CA cannot record" if info.ca_fault else "CA answers"
    ca = able if info.ca_answers else "CA does not answer"
    head = dot.join((info.backend, output.shown(info.trust_domain), envoys, ca, info.endpoints.gateway_https))
    columns = layout(View.IDENTITIES, output.width)
    lines: list[Line] = [(Piece(head.removesuffix(dot), Tone.STRONG),)]
    lines += [line for text in info.notices for line in paragraph(output.shown(text), output.width, Tone.WARN)]
    lines += [(), titles(columns, glyphs)]
    for row in page.rows:
        lines.append(joined(cells(row, columns, output.now, glyphs)))
    if sentence := outage_sentence(outage, output.now):
        lines += [(), *paragraph(sentence, output.width)]
    if snapshot.findings:
        lines.append(())
    for finding in snapshot.findings:
        lines.append((Piece(output.shown(finding.target), Tone.STRONG),))
        lines += finding_lines(finding, output.width, glyphs, affects=True)
    return lines


@click.command()
@click.argument("target", required=False, default="", shell_complete=complete_target)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--head", is_flag=True, help="Print the signed end of the CA's ledger as JSON, to be kept elsewhere.")
@click.option("--verify", is_flag=True, help="Check the whole ledger, from its file alone; needs no running mesh.")
@click.option("--against", type=click.Path(path_type=Path), help="With --verify: a head that was printed before.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Of --head and --verify, instead of the mesh's own.")
@click.option("--root", type=click.Path(path_type=Path), help="With --verify: PEM of the roots to trust.")
@common_options
def history(
    common: Common,
    *,
    target: str,
    limit: int,
    head: bool,
    verify: bool,
    against: Path | None,
    ledger: Path | None,
    root: Path | None,
) -> int:
    """Show what the CA signed and refused and what operators did, newest first.

    TARGET may also be the serial number of a certificate: everything that the CA has on record about it.

    --head and --verify are about the ledger that this comes from: whether anything in it was edited, reordered or
    cut off. Certificates that expired more than 90 days ago are dropped when the CA starts, which it signs for.
    """
    output = Output(common)
    if head or verify:
        file = ledger or default_ledger(common.directory)
        return print_verdict(file, root, against, output) if verify else print_head(file, output)
    if against or ledger or root:
        raise click.UsageError("--against, --ledger and --root go with --verify.")
    entries = with_mesh(common, lambda mesh: mesh.history(target, limit))
    if output.json:
        output.data({"entries": [contract.history(entry) for entry in entries]})
    elif output.terminal:
        many = not target or bool(serial_in(target))
        output.lines(history_lines(entries, output.now, output.width, output.glyphs, targets=many))
        output.lines(line for entry in entries for line in record_lines(entry, output.width, output.glyphs))
    else:
        output.lines(line for entry in entries for line in whole_entry(entry, output))
    return Exit.FINE


def whole_entry(entry: HistoryEntry, output: Output) -> Iterator[Line]:
    """An entry for a program: every field whole, between tabs; then what is on record, a line for each."""
    subject = (entry.target, entry.actor, entry.serial, entry.text)
    ends = contract.time(entry.not_after) or ""
    fields = (contract.time(entry.at) or "", entry.outcome, entry.kind, *subject, ends, entry.credential, entry.reason)
    yield output.fields(fields)
    yield from map(output.fields, entry.record.items())
