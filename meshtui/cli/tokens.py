"""`meshtui token`: a workload's own credential, for trying out a CA call by hand."""

from __future__ import annotations

import click

from meshtui.cli.completion import complete_target
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options
from meshtui.cli.output import Output
from meshtui.cli.session import with_mesh
from meshtui.settings import parse_duration


@click.command()
@click.argument("target", shell_complete=complete_target)
@click.option("--audience", default="istio-ca", show_default=True, help="Who is to accept it.")
@click.option("--duration", default="1h", show_default=True, help="How long it is good for.")
@common_options
def token(common: Common, *, target: str, audience: str, duration: str) -> int:
    """Print a service-account token of the workload TARGET. It is a credential: it is recorded that you have it."""
    length = parse_duration(duration)
    text = with_mesh(common, lambda mesh: mesh.token(target, audience, length))
    output = Output(common)
    if output.json:
        output.data({"token": text})
    else:
        click.echo(text)
    return Exit.FINE
