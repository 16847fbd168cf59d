"""`meshtui agent`: the agent alone, without a mesh of ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from typing import Any

import click

from meshtui.cli import contract
from meshtui.cli.exit_codes import Exit
from meshtui.cli.options import Common, common_options

_OPTIONS = (
    click.option("--ca", metavar="HOST:PORT", help="The CA [CA_ADDR]."),
    click.option("--ca-root", metavar="FILE", help="PEM that verifies it, or SYSTEM; re-read [CA_ROOT_CA]."),
    click.option("--ca-server-name", metavar="NAME", help="Name in its certificate, if not HOST [ISTIOD_SAN]."),
    click.option("--ca-mtls", metavar="HOST:PORT", help="Renew by certificate there, by token if refused."),
    click.option("--token-file", metavar="FILE", help="Service-account token; re-read for every call."),
    click.option("--provisioned-certs", metavar="DIR", help="key.pem, cert-chain.pem for the first call [PROV_CERT]."),
    click.option("--identity", metavar="SPIFFE_ID", help="Whose [TRUST_DOMAIN, POD_NAMESPACE, SERVICE_ACCOUNT]."),
    click.option("--sds-socket", metavar="PATH", help="Unix socket for Envoy, in a directory of your own."),
    click.option("--output-certs", metavar="DIR", help="Write the certificate there as well [OUTPUT_CERTS]."),
    click.option("--ttl", metavar="DURATION", help="Lifetime to ask for (default: 24h) [SECRET_TTL]."),
    click.option(
        "--rotate-at",
        metavar="SHARE",
        help="Share of a lifetime (default: 0.5) [1 - SECRET_GRACE_PERIOD_RATIO].",
    ),
    click.option("--jitter", metavar="SHARE", help="Either way (default: 0.01) [SECRET_GRACE_PERIOD_RATIO_JITTER]."),
    click.option(
        "--key",
        metavar="KIND",
        help='"EC P-256" (default), "EC P-384", "RSA 2048", ... [ECC_SIGNATURE_ALGORITHM, ECC_CURVE].',
    ),
    click.option(
        "--metrics-port",
        metavar="PORT",
        help="/metrics and /healthz/ready on 127.0.0.1; 0: any free one (default: off).",
    ),
)


def _agent_options(command: Any) -> Any:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_agent_options
@common_options
def agent(common: Common, **flags: str | None) -> int:
    """Get a certificate from any Istio-compatible CA, keep it fresh and serve it by SDS, until SIGTERM or Ctrl-C.

    Prints one line of JSON when it holds the first. A variable in brackets counts where its option is not given.
    """
    from meshtui.agent.environment import read_options  # noqa: PLC0415 - loads cryptography

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what gRPC has to say reaches us as errors
    options = read_options({name.replace("_", "-"): value for name, value in flags.items()}, os.environ)
    _log(common)
    os.umask(0o077)
    from meshtui.agent.standalone import Serving, StandaloneAgent  # noqa: PLC0415 - loads gRPC and the protos

    def ready(serving: Serving) -> None:
        said = {
            "ready": True,
            "sds_socket": str(options.sds_socket),
            "identity": str(options.identity),
            "serial": serving.facts.serial,
            "not_after": contract.time(serving.facts.not_after),
            "metrics": serving.metrics or None,
        }
        with contextlib.suppress(OSError):  # that nobody reads must not end the agent
            os.write(sys.stdout.fileno(), f"{json.dumps(said)}\n".encode())

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await StandaloneAgent(options, ready).run(stop)

    asyncio.run(run())
    return Exit.FINE


class _Inert(logging.Formatter):
    """What a CA or a proxy said reaches the terminal as text only."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        from meshtui.present.escape import visible  # noqa: PLC0415

        record.message = visible(record.message)
        return super().formatMessage(record)


def _log(common: Common) -> None:
    """Rotations are worth a line wherever nobody asked for less."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Inert("%(asctime)s %(levelname)s %(message)s"))
    if common.log_level == Common.log_level:
        logging.getLogger("meshtui.agent").setLevel(logging.INFO)
