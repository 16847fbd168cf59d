"""`meshtui serve`: the owner of a mesh."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.exit_codes import Exit, exit_code
from meshtui.cli.options import Common, common_options, mesh_options
from meshtui.cli.output import Output
from meshtui.cli.settings import read_settings
from meshtui.errors import MeshError, RefusedError
from meshtui.mesh.snapshot import MeshInfo


@click.command()
@mesh_options
@click.option("--until-detached", is_flag=True, hidden=True)
@click.option("--for-terminal", is_flag=True, hidden=True)
@common_options
def serve(common: Common, *, for_terminal: bool, **options: Any) -> int:
    """Run the mesh without a screen, until SIGTERM or Ctrl-C.

    Prints one line of JSON when everything serves.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what gRPC has to say reaches us as errors
    from meshtui.backends.embedded.owner import serve as own  # noqa: PLC0415 - loads gRPC, cryptography and the protos

    def attachable() -> None:
        if for_terminal:
            _say({"attachable": True})

    def ready(info: MeshInfo) -> None:
        for notice in info.notices:
            Output(common).complain(notice)
        if not for_terminal:
            _say({"ready": True, "endpoints": contract.endpoints(info.endpoints)})

    try:
        asyncio.run(own(read_settings(common, **options), attachable, ready))
    except MeshError as error:
        if not for_terminal:
            raise
        _say({"error": error.message, "fix": error.fix, "running": isinstance(error, RefusedError)})
        return exit_code(error)
    return Exit.FINE


def _say(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()
