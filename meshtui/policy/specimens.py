"""Values of a request's texts, one for each kind that some tests can tell from others.

Exact texts, prefixes and suffixes divide all texts into few kinds: each exact text, and each pair of a prefix and a
suffix (or none of them) with something between that no policy has. Tests that divide them otherwise are not for here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from meshtui.policy.conditions import HOST, METHOD, PATH, About, Test
from meshtui.policy.matching import How, Pattern, is_template
from meshtui.policy.model import AccessRequest

_HEADER = "request.headers["
_ELSEWHERE = ("host", ":authority", ":method", ":path")
_STRANGE = "\N{SNOWMAN}"
"""In no policy, and in no request: it stands for whatever is not named."""


def varies(test: Test) -> bool:
    """Whether specimens can stand for all values of what a test is about."""
    attribute = test.attribute
    if attribute.about is not About.REQUEST or any(map(is_template, (*test.values, *test.not_values))):
        return False
    return not attribute.name.startswith(_HEADER) or _header_name(attribute.name) not in _ELSEWHERE


def specimens(name: str, tests: Sequence[Test], request: AccessRequest) -> list[AccessRequest]:
    """The request with each value of the attribute `name` that the tests, all of them about it, tell apart."""
    patterns = [Pattern.read(text) for test in tests for text in (*test.values, *test.not_values)]
    texts = list(dict.fromkeys(_texts(patterns)))
    if name == METHOD.name:
        return [replace(request, method=text) for text in texts]
    if name == HOST.name:
        return [replace(request, host=text) for text in texts]
    if name == PATH.name:
        rooted = (text if text.startswith("/") else f"/{text}" for text in texts)
        return [replace(request, path=text) for text in rooted]
    header = _header_name(name)
    without = replace(request, headers={key: value for key, value in request.headers.items() if key != header})
    return [without, *(replace(request, headers={**request.headers, header: text}) for text in texts)]


def _texts(patterns: Iterable[Pattern]) -> Iterator[str]:
    by_how: dict[How, list[str]] = {how: [] for how in How}
    for pattern in patterns:
        by_how[pattern.how].append(pattern.text)
    yield from by_how[How.EXACT]
    for prefix, suffix in itertools.product(("", *by_how[How.PREFIX]), ("", *by_how[How.SUFFIX])):
        yield f"{prefix}{_STRANGE}{suffix}"


def _header_name(name: str) -> str:
    return name.removeprefix(_HEADER).removesuffix("]").lower()
