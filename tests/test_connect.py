"""A mesh that is started for a terminal runs with exactly the settings that the terminal was given."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from meshtui.cli.options import Common
from meshtui.cli.serving import serve
from meshtui.cli.settings import read_settings
from meshtui.connect import _arguments
from meshtui.errors import UsageError
from meshtui.settings import Settings

EVERYTHING = Settings(
    state=Path("/s"),
    trust_domain="example.org",
    workload_ttl=timedelta(minutes=90),
    rotate_at=0.4,
    overdue_at=0.9,
    ca_port=1,
    gateway_port=2,
    mesh_file=Path("/mesh.yaml"),
    ca_dir=Path("/cacerts"),
    oidc_file=Path("/oidc.json"),
    mtls_port=0,
    token_every=timedelta(days=3),
    trusted_node_accounts="istio-system/ztunnel,a/b",
    envoy=False,
    read_only=True,
    operator_group="wheel",
    metrics_port=9090,
    fleet=7,
    fleet_sockets=True,
)


def _read(arguments: list[str]) -> Settings:
    options: dict[str, Any] = dict(click.Command.make_context(serve, "serve", arguments).params)
    common = Common(state=options.pop("state"), read_only=bool(options.pop("read_only")))
    for other in ("json", "color", "glyphs", "log_level", "for_terminal"):
        options.pop(other)
    return read_settings(common, **options)


@pytest.mark.parametrize("settings", [EVERYTHING, Settings(state=Path("/s"))], ids=["everything", "defaults"])
def test_settings_survive_the_command_line(settings: Settings) -> None:
    """What is handed to `meshtui serve` reads back as the same settings."""
    assert _read(_arguments(settings)) == settings


def test_everything_is_everything() -> None:
    """A setting that is added is handed on too: none is at its default in the test above, but how the mesh ends."""
    defaults = Settings(state=Path("/"))
    same = [each.name for each in fields(Settings) if getattr(EVERYTHING, each.name) == getattr(defaults, each.name)]
    assert same == ["until_detached"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), (0.6, 0.9)),
        (("--overdue-at", "0.8"), (0.6, 0.8)),
        (("--rotate-at", "0.7"), (0.7, None)),
        (("--rotate-at", "0.7", "--overdue-at", "1"), (0.7, 1.0)),
    ],
)
def test_thresholds_are_those_that_are_preferred_unless_they_are_said(
    arguments: tuple[str, ...], expected: tuple[float, float | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever says when certificates are due is asked no more when they were to be overdue else."""
    path = tmp_path / "config.toml"
    path.write_text("[thresholds]\ndue = 0.6\noverdue = 0.9\n")
    monkeypatch.setenv("MESHTUI_CONFIG", str(path))
    settings = _read(["--state", "/s", *arguments])
    assert (settings.rotate_at, settings.overdue_at) == expected


@pytest.mark.parametrize("share", ["0.5", "1.1", "nan"])
def test_what_is_overdue_was_due_before(share: str) -> None:
    """A share that is not after the other is named."""
    with pytest.raises(UsageError, match=f"--overdue-at {share}"):
        _read(["--rotate-at", "0.5", "--overdue-at", share])


@pytest.mark.parametrize("option", ["--mtls-port", "--metrics-port"])
def test_a_port_is_a_port(option: str) -> None:
    """A port that is none is named."""
    with pytest.raises(UsageError, match=f"{option} 70000"):
        _read([option, "70000"])
