"""What the row of a target will be after an issue, a rotation or an undo in the fake mesh. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from meshtui.errors import RefusedError
from meshtui.identity.inspect import facts
from meshtui.identity.server_pair import check_server_pair
from meshtui.identity.signers import MESH_CA
from meshtui.mesh.actions import Brought, Issue, Rotate, Terms, Undo
from meshtui.mesh.fake.turns import renewed
from meshtui.mesh.rows import Row
from meshtui.mesh.targets import TargetKind


def is_gateway(row: Row) -> bool:
    """Whether it is a gateway certificate, which has versions."""
    return row.target.startswith(f"{TargetKind.GATEWAY}/")


def row_after(action: Issue | Rotate | Undo, row: Row, before: Row | None, serial: str, now: datetime) -> Row:
    """The row with its next certificate; `before` is the row as it was before the present one."""
    if isinstance(action, Undo):
        assert before is not None  # the plan has been looked at again
        after = before
    elif action.terms.brought is not None:
        after = _brought(row, action.terms.brought, now)
    else:
        after = _made(renewed(row, serial, now), action.terms, now)
    return replace(after, previous=row.serial if is_gateway(row) else "")


def check_brought(row: Row, terms: Terms, now: datetime) -> None:
    """Raises IdentityError for files that cannot be served."""
    if terms.brought is not None:
        brought, hosts = terms.brought, terms.hosts or hosts_of(row)
        check_server_pair(
            brought.certificate.encode(), brought.private_key.encode(), hosts, now, roots=brought.ca.encode()
        )


def check_undo(row: Row, before: Row | None, now: datetime) -> None:
    """Raises RefusedError where there is nothing worth going back to."""
    if not is_gateway(row):
        raise RefusedError(f"{row.target} is not a gateway certificate.", fix="Undo is for those alone.")
    if before is None:
        raise RefusedError(f"{row.target} has no version before this one.", fix=f"Run: meshtui rotate {row.target}")
    if before.not_after is not None and now >= before.not_after:
        raise RefusedError(
            f"The version before, {before.serial}, expired at {before.not_after:%Y-%m-%d %H:%M:%SZ}.",
            fix=f"Run: meshtui rotate {row.target}",
        )


def hosts_of(row: Row) -> tuple[str, ...]:
    """The names of a gateway certificate."""
    return tuple(filter(None, row.identity.split(", ")))


def _made(row: Row, terms: Terms, now: datetime) -> Row:
    ours = terms.issuer == MESH_CA
    row = replace(
        row,
        identity=", ".join(terms.hosts) or row.identity,
        issuer="intermediate-2" if ours else terms.issuer or row.issuer,
    )
    if terms.lifetime is None:
        return row
    return replace(row, not_after=now + terms.lifetime, due_at=now + terms.lifetime / 2)


def _brought(row: Row, brought: Brought, now: datetime) -> Row:
    leaf = facts(check_server_pair(brought.certificate.encode(), brought.private_key.encode(), (), now)[0])
    return replace(
        row,
        identity=", ".join(leaf.sans),
        serial=leaf.serial,
        issuer=leaf.issuer.removeprefix("CN="),
        issued_at=leaf.not_before,
        not_after=leaf.not_after,
        due_at=None,
    )
