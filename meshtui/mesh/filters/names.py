"""The names by which a filter finds things that have a target, or are called `KIND NAMESPACE/NAME`."""

from __future__ import annotations

PARTS = "\0"
"""Divides them."""
_MOST_PARTS = 3


def names_of(target: str, identity: str = "") -> str:
    """`workload/prod/sleep`, `prod/sleep`, `sleep`, and the identity: a filter may begin any of them."""
    parts = (target.partition(" ")[2] or target).split("/")
    # targets have three parts at most; what is longer is foreign text, of which all ends together could be huge
    shorter = ("/".join(parts[begin:]) for begin in range(len(parts) if len(parts) <= _MOST_PARTS else 1))
    return PARTS.join((target, *shorter, identity, *_names_of_identity(identity.removeprefix("spiffe://"))))


def _names_of_identity(bare: str) -> tuple[str, ...]:
    """An identity as it is, and as lists show it: `cluster.local/prod/sleep`; of it, too, every end."""
    match bare.split("/"):
        case [domain, "ns", namespace, "sa", account]:
            return bare, f"{domain}/{namespace}/{account}", f"{namespace}/{account}", account
    return (bare,)


def namespace_of(target: str) -> str:
    """`prod` of `workload/prod/sleep` and of `AuthorizationPolicy prod/deny-all`; empty where there is none."""
    kind, _, object_name = target.partition(" ")
    parts = object_name.split("/") if object_name else kind.split("/")[1:]
    return parts[0] if len(parts) == 2 else ""
