"""`explain`: may this one call that one, decided by which policy, and who can call whom."""

from __future__ import annotations

import click

from meshtui.cli import contract
from meshtui.cli.completion import complete_target
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.errors import UsageError
from meshtui.mesh.access import AccessQuestion
from meshtui.present.explanation import explanation_lines
from meshtui.present.matrix_page import matrix_lines
from meshtui.present.saved import matrix_fields
from meshtui.present.tones import Piece

_PLAINTEXT = "plaintext"


def _complete_source(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    own = [_PLAINTEXT] if _PLAINTEXT.startswith(incomplete) else []
    return [*complete_target(context, parameter, incomplete), *own]


@click.command()
@click.argument("source", required=False, default="", shell_complete=_complete_source)
@click.argument("destination", required=False, default="", shell_complete=complete_target)
@click.option("--port", type=click.IntRange(1, 65535), help="Of the Service or the workload (default: the first).")
@click.option("--method", default="GET", show_default=True)
@click.option("--path", default="/", show_default=True, help="With its query, if it has one.")
@click.option("--host", default="", help="Host header (default: the full name of the destination's Service).")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="May be given several times.")
@click.option("--matrix", is_flag=True, help="Who can call whom, in place of one question.")
@click.option("-n", "--namespace", default="", help="With --matrix: only destinations in this namespace.")
@common_options
def explain(
    common: Common,
    *,
    source: str,
    destination: str,
    port: int | None,
    method: str,
    path: str,
    host: str,
    headers: tuple[str, ...],
    matrix: bool,
    namespace: str,
) -> int:
    """Say whether SOURCE may call DESTINATION, which policy decides that, and which others were asked.

    SOURCE is a workload, a SPIFFE ID (also of nobody in the mesh), or plaintext: a caller without an identity.
    DESTINATION is a workload. Exits with 1 if the call is not allowed.
    """
    if matrix:
        if source or destination:
            raise UsageError("--matrix is about all of the mesh.", fix="Leave SOURCE and DESTINATION out, or --matrix.")
        return _matrix(common, namespace)
    if not source or not destination:
        raise UsageError("SOURCE and DESTINATION are needed.", fix="Name both, or use --matrix.")
    if namespace:
        raise UsageError("-n goes with --matrix.", fix="The namespace is a part of a target.")
    question = AccessQuestion(
        source=source,
        destination=destination,
        port=port or 0,
        method=method,
        path=path,
        host=host,
        headers=dict(map(_header, headers)),
    )
    answer = with_mesh(common, lambda mesh: mesh.explain(question))
    output = Output(common)
    if output.json:
        output.data(contract.explanation(answer))
    else:
        output.lines(explanation_lines(answer, output.width, output.glyphs))
    return Exit.FINE if answer.allowed else Exit.FAILED_CHECK


def _matrix(common: Common, namespace: str) -> int:
    found = with_mesh(common, lambda mesh: mesh.matrix(namespace))
    output = Output(common)
    if output.json:
        output.data(matrix_fields(found))
    elif output.terminal:
        output.lines(matrix_lines(found, output.width, output.glyphs))
    else:
        # for programs: every pair whole, between tabs
        for cell in found.cells:
            fields = (cell.reach.value, cell.source, cell.destination, cell.reason)
            output.lines([(Piece("\t".join(map(output.shown, fields))),)])
    return Exit.FINE


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"{text!r} is not a header.", fix="Write --header NAME:VALUE.")
    return name.strip().lower(), value.strip()
