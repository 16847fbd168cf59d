"""Screens that are left once, however fast keys come."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import Screen

Result = TypeVar("Result")


class Leaving(Screen[Result]):
    """Keys that were pressed before a screen was gone still reach it. Nothing is done for them then: a plan is not
    confirmed twice, and the screen below is not left as well.
    """

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action can be run now."""
        return self in self.app.screen_stack and super().check_action(action, parameters)

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave the screen, if it is not left yet."""
        return super().dismiss(result) if self.is_current else AwaitComplete()
