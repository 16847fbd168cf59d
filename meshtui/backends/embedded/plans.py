"""Plans that were shown to someone: each can be performed once, by whom it was made for, while it is fresh."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from meshtui.errors import RefusedError
from meshtui.mesh.actions import Action, Plan

LIFETIME = timedelta(seconds=60)
_AGAIN = "Ask for a new plan."


class PlanBook:
    """Plans by id, with the action behind each."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._plans: dict[str, tuple[str, Action, Plan]] = {}

    def lapse(self) -> datetime:
        """When a plan that is made now lapses."""
        return self._clock() + LIFETIME

    @staticmethod
    def new_id() -> str:
        """An id that cannot be guessed."""
        return secrets.token_urlsafe(12)

    def add(self, actor: str, action: Action, plan: Plan) -> Plan:
        """Remember it, and forget those that lapsed."""
        now = self._clock()
        self._plans = {key: entry for key, entry in self._plans.items() if entry[2].lapses_at > now}
        self._plans[plan.id] = (actor, action, plan)
        return plan

    def take(self, actor: str, plan_id: str) -> tuple[Action, Plan]:
        """Use it up. Raises RefusedError when it is unknown, used, lapsed or somebody else's."""
        planned_for, action, plan = self._plans.pop(plan_id, ("", None, None))
        if action is None or plan is None or planned_for != actor:
            raise RefusedError("That plan was performed already, has lapsed or is not yours.", fix=_AGAIN)
        if plan.lapses_at <= self._clock():
            raise RefusedError(f"The plan to {plan.verb} lapsed at {plan.lapses_at:%H:%M:%S}Z.", fix=_AGAIN)
        return action, plan
