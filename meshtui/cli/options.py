"""Options that every command takes, before its name or after it."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from meshtui.errors import MeshError

if TYPE_CHECKING:
    from meshtui.preferences import Found

F = TypeVar("F", bound=Callable[..., Any])

GLYPHS = ("auto", "unicode", "ascii")
COLORS = ("auto", "truecolor", "256", "16", "none")
LINKS = ("auto", "slow", "fast")
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Common:
    """What the person said for all commands."""

    state: Path | None = None
    json: bool = False
    color: str = "auto"
    glyphs: str | None = None
    """Which signs, if that was said."""
    read_only: bool | None = None
    """Whether it is to be only looked at, if that was said: `--read-only` or `--write`."""
    log_level: str = "warning"

    @property
    def directory(self) -> Path:
        """The state directory: --state, MESHTUI_STATE, or the XDG one."""
        return self.state if self.state is not None else default_state()

    @property
    def named_state(self) -> str:
        """The state directory as another command has to name it; empty where it comes to the same one without."""
        return str(self.state) if self.state not in (None, default_state()) else ""

    @functools.cached_property
    def found(self) -> Found:
        """What this person prefers."""
        from meshtui.preferences import default_path, read  # noqa: PLC0415 - `--help` needs none of it

        return read(default_path(os.environ))

    @property
    def signs(self) -> str:
        """Which signs are wanted: what was said, or is preferred."""
        return self.glyphs or self.found.preferences.glyphs

    @property
    def protected(self) -> bool:
        """Whether nothing may be changed from here because config.toml protects the mesh, and nothing else was said."""
        return self.read_only is None and self.found.preferences.protects(self.directory)

    @property
    def only_looks(self) -> bool:
        """Whether nothing may be changed from here: because that was said, or because the mesh is a protected one."""
        return bool(self.read_only) or self.protected


def default_state() -> Path:
    """`$MESHTUI_STATE`, or `meshtui` in the XDG state directory."""
    named = os.environ.get("MESHTUI_STATE")
    if named:
        return Path(named).absolute()
    import platformdirs  # noqa: PLC0415 - only where no directory was named

    return Path(platformdirs.user_state_dir("meshtui"))


def common_options(command: F) -> F:
    """Add the common options to a command, which gets what was said as its first argument."""

    @click.option(
        "--state", type=click.Path(path_type=Path), help="Directory of the mesh (default: the XDG state directory)."
    )
    @click.option("--json", is_flag=True, default=None, help="Print JSON.")
    @click.option("--color", type=click.Choice(COLORS), default=None, help="Colours of the terminal (default: auto).")
    @click.option("--glyphs", type=click.Choice(GLYPHS), default=None, help="Signs (auto: by locale and terminal).")
    @click.option(
        "--read-only/--write",
        default=None,
        help="Change nothing, whatever is asked; or change even a mesh that config.toml protects.",
    )
    @click.option("--log-level", type=click.Choice(LEVELS), default=None, help="Log to stderr (default: warning).")
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, /, *arguments: Any, **options: Any) -> Any:
        said = {name: options.pop(name) for name in ("state", "json", "color", "glyphs", "read_only", "log_level")}
        known = {name: value for name, value in said.items() if value is not None}
        if "state" in known:
            known["state"] = known["state"].absolute()
        common = replace(context.find_object(Common) or Common(), **known)
        context.obj = common
        logging.basicConfig(level=common.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
        try:
            return command(common, *arguments, **options)
        except MeshError as error:
            from meshtui.cli.output import refuse  # noqa: PLC0415 - only where something went wrong

            return refuse(error, common)

    return wrapped  # type: ignore[return-value]  # click's decorators change the signature in ways no type can say


def mesh_options(command: F) -> F:
    """Add what an embedded mesh is started with."""
    options = (
        click.option("--mesh", "mesh_file", type=click.Path(path_type=Path), help="Manifests to start with."),
        click.option("--trust-domain", default="cluster.local", show_default=True),
        click.option("--workload-ttl", default="24h", show_default=True, help="Lifetime of workload certificates."),
        click.option("--rotate-at", type=float, help="Share of a lifetime at which it is due (default: 0.5)."),
        click.option("--overdue-at", type=float, help="Share at which that is overdue (default: 0.1 later)."),
        click.option("--ca-port", type=int, default=15012, show_default=True, help="0 for any free port."),
        click.option("--gateway-port", type=int, default=8443, show_default=True, help="0 for any free port."),
        click.option(
            "--ca-dir", type=click.Path(path_type=Path), help="Signing CA of your own, in Istio's cacerts layout."
        ),
        click.option(
            "--oidc", "oidc_file", type=click.Path(path_type=Path), help="Issuers whose tokens the CA takes (JSON)."
        ),
        click.option("--mtls-port", type=int, help="Renew by client certificate on this port (default: off)."),
        click.option("--token-every", default="7d", show_default=True, help="How long such renewal lasts."),
        click.option(
            "--trusted-node-accounts", default="", help="NAMESPACE/NAME,...: may ask for the pods of their node."
        ),
        click.option("--metrics-port", type=int, help="/metrics on 127.0.0.1; 0: any free port (default: off)."),
        click.option("--no-envoy", is_flag=True, help="Agents alone, without proxies."),
        click.option("--fleet", type=int, default=0, help="This many more agents, for load tests and demos."),
        click.option("--fleet-sockets", is_flag=True, help="Give each of them an SDS socket."),
        click.option("--operator-group", default="", help="Unix group that may use the mesh as well."),
    )
    for option in reversed(options):
        command = option(command)
    return command
