"""What is not needed is not loaded: start-up is a feature."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
sys.argv = ["meshtui", *json.loads(sys.argv[1])]
from meshtui.cli.main import main
try:
    main()
except SystemExit:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(arguments)], capture_output=True, text=True, timeout=60, check=True
    )
    return set(json.loads(result.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--version"], {"textual", "kubernetes", "click", "grpc", "cryptography", "msgspec"}),
        (["--help"], {"textual", "kubernetes", "grpc", "cryptography", "msgspec"}),
        (["--state", "/no/such/mesh", "status"], {"textual", "kubernetes", "grpc", "cryptography", "OpenSSL", "idna"}),
        (["--state", "/no/such/mesh", "verify", "workload/a/b"], {"textual", "kubernetes", "grpc", "cryptography"}),
        (["verify", "127.0.0.1:1"], {"textual", "kubernetes", "grpc"}),
    ],
)
def test_commands_load_only_what_they_need(arguments: list[str], absent: set[str]) -> None:
    """Neither textual nor kubernetes for a command line that needs neither."""
    assert loaded_by(*arguments) & absent == set()


def test_the_console_loads_no_cryptography() -> None:
    """It holds values; keys and certificates are read elsewhere."""
    program = "import sys, json, meshtui.tui.app; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(result.stdout)}
    assert loaded & {"cryptography", "grpc", "kubernetes", "sqlite3", "yaml"} == set()
