"""What a filter can ask of calls: by pairs of callers, one by one, and of who may call whom.

Pairs and calls are asked for by the same words, so each has all fields: a call counts as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from meshtui.mesh.access import MatrixCell, Reach
from meshtui.mesh.filter_fields import Field, Language, NumberField, TextField, TimeField, WordField
from meshtui.mesh.filters.names import PARTS, names_of, namespace_of
from meshtui.mesh.traffic import PLAINTEXT, STRANGER, Call, Outcome, Pair

_Calls = TypeVar("_Calls", Pair, Call)

_REQUEST = re.compile(r"(\S+) ([^/]*)(.*)", re.DOTALL)
_PORT = re.compile(r":(\d{1,5})", re.ASCII)


def _caller(item: Pair | Call) -> str:
    """Who it is, or how it came without proof."""
    return item.source or item.source_target or (STRANGER if item.tls else PLAINTEXT)


def _text_of_pair(pair: Pair) -> str:
    ends = (_caller(pair), pair.source_target, pair.destination, pair.destination_identity)
    return "\0".join((*ends, pair.policy, pair.outcome, pair.tls, pair.last_text, str(pair.last_status))).casefold()


def _text_of_call(call: Call) -> str:
    ends = (_caller(call), call.source_target, call.destination, call.destination_identity)
    request = (call.method, call.host, call.path, str(call.status))
    return "\0".join((*ends, call.policy, call.outcome, call.tls, *request, call.details)).casefold()


def _request_of_pair(pair: Pair) -> tuple[str, str, str]:
    """Method, host and path of its last call; of what never came to a request, nothing."""
    match = _REQUEST.fullmatch(pair.last_text)
    return (match[1], match[2], match[3]) if match and (match[3] or _PORT.search(match[2])) else ("", "", "")


def _fields(
    request: Callable[[_Calls], tuple[str, str, str]],
    status: Callable[[_Calls], int],
    count: Callable[[_Calls], int],
    rate: Callable[[_Calls], float | None],
    at: Callable[[_Calls], datetime],
) -> dict[str, Field[_Calls]]:
    def port(item: _Calls) -> int | None:
        found = _PORT.search(request(item)[1]) or _PORT.search(item.destination)
        return int(found[1]) if found else None

    def source(item: _Calls) -> str:
        proved = names_of(item.source_target, item.source)
        return proved if item.source or item.source_target else _caller(item)

    return {
        "from": TextField(source, parts=PARTS),
        "to": TextField(lambda item: names_of(item.destination, item.destination_identity), parts=PARTS),
        "ns": TextField(
            lambda item: PARTS.join((namespace_of(item.source_target), namespace_of(item.destination))), parts=PARTS
        ),
        "outcome": TextField(lambda item: item.outcome, values=tuple(Outcome)),
        "policy": TextField(lambda item: names_of(item.policy), parts=PARTS),
        "method": TextField(lambda item: request(item)[0]),
        "host": TextField(lambda item: request(item)[1], holds=True),
        "path": TextField(lambda item: request(item)[2]),
        "tls": TextField(lambda item: item.tls or "none"),
        "reporter": TextField(lambda item: item.reporter, values=("destination", "source")),
        "port": NumberField(port),
        "status": NumberField(status),
        "count": NumberField(count),
        "rate": NumberField(rate),
        "last": TimeField(at, forward=False),
        "is": WordField(
            {
                "denied": lambda item: item.outcome is Outcome.DENIED,
                "trouble": lambda item: item.outcome is not Outcome.OK,
                "plaintext": lambda item: not item.source and not item.tls,
            }
        ),
    }


_EXAMPLES = "from:sleep to:httpbin outcome:denied last<5m"

PAIRS: Language[Pair] = Language(
    _text_of_pair,
    _fields(
        _request_of_pair,
        status=lambda pair: pair.last_status,
        count=lambda pair: pair.count,
        rate=lambda pair: pair.per_second,
        at=lambda pair: pair.last_at,
    ),
    examples=f"{_EXAMPLES} count>100",
)
"""Request and status are those of the last call."""

CALLS: Language[Call] = Language(
    _text_of_call,
    _fields(
        lambda call: (call.method, call.host, call.path),
        status=lambda call: call.status,
        count=lambda _call: 1,
        rate=lambda _call: None,
        at=lambda call: call.at,
    ),
    examples="from:sleep path:/status status:403 last<5m",
)

CELLS: Language[MatrixCell] = Language(
    lambda cell: "\0".join((cell.source, cell.destination, cell.reach, cell.reason)).casefold(),
    {
        "from": TextField(lambda cell: names_of(cell.source), parts=PARTS),
        "to": TextField(lambda cell: names_of(cell.destination), parts=PARTS),
        "reach": TextField(lambda cell: cell.reach, values=tuple(Reach)),
        "why": TextField(lambda cell: cell.reason, holds=True),
    },
    examples="from:sleep to:prod/httpbin reach:some !reach:none",
)
