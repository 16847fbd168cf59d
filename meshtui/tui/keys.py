"""What keys are for, so that help can put them in order. Which keys there are is said where they are bound."""

from __future__ import annotations

from textual.binding import Binding

THIS_ROW = Binding.Group("THIS ROW")
THE_LIST = Binding.Group("THE LIST")
VIEWS = Binding.Group("VIEWS")
MOVE = Binding.Group("MOVE")
ALWAYS = Binding.Group("ALWAYS")

GROUPS = (THIS_ROW, THE_LIST, VIEWS, MOVE, ALWAYS)
"""In the order in which help shows them; a binding without a group is not shown."""
