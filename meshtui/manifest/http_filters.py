"""Reads the filters of an HTTPRoute's rule: where its requests are redirected to, or what they are rewritten to.

A path may be replaced as a whole, or in the part that matched. Envoy replaces what matched; where that is not what
the Gateway API means (pilot/pkg/config/kube/gateway/conversion.go), the change is written as an expression.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from meshtui.manifest.api_references import hostname_problem
from meshtui.manifest.fields import Fields
from meshtui.manifest.http_texts import path_problem
from meshtui.manifest.model import Redirect, RegexRewrite, Rewrite, StringMatch

_KINDS = {"RequestRedirect": "requestRedirect", "URLRewrite": "urlRewrite"}
_ELSEWHERE = {
    "RequestHeaderModifier": "requestHeaderModifier",
    "ResponseHeaderModifier": "responseHeaderModifier",
    "RequestMirror": "requestMirror",
    "CORS": "cors",
    "ExternalAuth": "externalAuth",
    "ExtensionRef": "extensionRef",
}
_WELL_KNOWN = {"http": 80, "https": 443}


@dataclass(frozen=True)
class _NewPath:
    """What a path, or its part that matched, is replaced by."""

    whole: bool
    text: str


@dataclass(frozen=True)
class Filters:
    """What the filters of one rule do. The change of the path depends on what matched, and is not in the first two."""

    redirect: Redirect | None = None
    rewrite: Rewrite | None = None
    path: _NewPath | None = None

    def at(self, match: StringMatch) -> tuple[Redirect | None, Rewrite | None]:
        """Redirect and rewrite of the requests whose path matches like this."""
        if self.path is None:
            return self.redirect, self.rewrite
        redirect, rewrite = self.redirect, self.rewrite
        uri, regex = _changed(self.path, match, sent_back=redirect is not None)
        return (
            replace(redirect, uri=uri, regex=regex) if redirect is not None else None,
            replace(rewrite, uri=uri, regex=regex) if rewrite is not None else None,
        )


def read_filters(rule: Fields, paths: Sequence[StringMatch]) -> Filters:
    """Read `filters` of a rule; `paths` are what its matches ask of the path."""
    found = [_filter(item, paths) for item in rule.items("filters")]
    if len(found) > 1:
        rule.problem("filters", "only one RequestRedirect or URLRewrite can be meant")
    return found[0] if found else Filters()


def _filter(fields: Fields, paths: Sequence[StringMatch]) -> Filters:
    with fields:
        kind = fields.text("type", required=True, choices=tuple(_KINDS), elsewhere=tuple(_ELSEWHERE))
        for other, name in {**_KINDS, **_ELSEWHERE}.items():
            # where there is no type, that is told already
            if fields.has(name) and kind not in ("", other):
                fields.problem(name, f"has no meaning for the type {kind}")
        if kind == "RequestRedirect":
            return _redirect(fields, paths)
        if kind == "URLRewrite":
            return _rewrite(fields, paths)
        return Filters()


def _redirect(fields: Fields, paths: Sequence[StringMatch]) -> Filters:
    with fields.mapping("requestRedirect", required=True) as redirect:
        scheme = redirect.text("scheme", choices=tuple(_WELL_KNOWN))
        code = redirect.integer("statusCode", 302, low=301, high=308)
        if code not in (301, 302, 303, 307, 308):
            redirect.problem("statusCode", f"expected 301, 302, 303, 307 or 308, found {code}")
        made = Redirect(
            scheme=scheme,
            authority=redirect.text("hostname", check=_one_host_problem),
            port=redirect.port("port", _WELL_KNOWN.get(scheme, 0)),
            code=code,
        )
        return Filters(redirect=made, path=_path(redirect, paths))


def _rewrite(fields: Fields, paths: Sequence[StringMatch]) -> Filters:
    with fields.mapping("urlRewrite", required=True) as rewrite:
        made = Rewrite(authority=rewrite.text("hostname", check=_one_host_problem))
        return Filters(rewrite=made, path=_path(rewrite, paths))


def _one_host_problem(text: str) -> str:
    return "expected one host, without a wildcard" if "*" in text else hostname_problem(text)


def _path(fields: Fields, paths: Sequence[StringMatch]) -> _NewPath | None:
    with fields.mapping("path") as path:
        if not fields.has("path"):
            return None
        kind = path.text("type", required=True, choices=("ReplaceFullPath", "ReplacePrefixMatch"))
        whole = kind == "ReplaceFullPath"
        name, other = "replaceFullPath", "replacePrefixMatch"
        if not whole:
            name, other = other, name
        if kind and path.has(other):
            path.problem(other, f"has no meaning for the type {kind}")
        if kind and (path.raw(name) is None or (whole and path.raw(name) == "")):
            path.problem(name, f"required for the type {kind}, and missing")
        if not whole and kind and (len(paths) != 1 or paths[0].how not in ("elements", "prefix")):
            path.problem("type", "ReplacePrefixMatch needs exactly one match in its rule, of the type PathPrefix")
        path.ignore(name, other)
        return _NewPath(whole, path.text(name, check=path_problem))


def _changed(path: _NewPath, match: StringMatch, *, sent_back: bool) -> tuple[str, RegexRewrite | None]:
    """`uri` and `regex` of a Redirect (`sent_back`) or Rewrite that changes a path which matches like this."""
    if path.whole:
        # a redirect names the new path, and Envoy rewrites all of a path unless a prefix matched
        if sent_back or match.how in ("exact", "regex"):
            return path.text, None
        return "", RegexRewrite(pattern="^/.*$", substitution=_literal(path.text))
    old, new = ("" if match.value == "/" else match.value), path.text.removesuffix("/")
    if old and new:
        rest = RegexRewrite(pattern=f"^{re.escape(old)}(.*)$", substitution=_literal(new) + r"\1")
        return ("", rest) if sent_back else (new, None)
    if not old and not new:
        return "", None
    # either the slash that parts the prefix from the rest would be missing, or there would be one too many
    return "", RegexRewrite(pattern=f"^{re.escape(old)}/?(.*)$", substitution=_literal(new) + r"/\1")


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\")
