"""State changes as compare-and-swap against one literal table per noun."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from core.errors import WrongState


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step: from a state, by a verb, to a state."""

    from_: str
    verb: str
    to: str


def target_of(table: Iterable[Transition], state: str, verb: str) -> str | None:
    """Return where `verb` leads from `state`, or None where the table has no such step."""
    return next((step.to for step in table if step.from_ == state and step.verb == verb), None)


def transition(obj: models.Model, table: Iterable[Transition], verb: str, **updates: Any) -> str:
    """Move `obj` along the table and return the state it came from.

    Updates the row only where its state still is the one `obj` was loaded with, and `obj` itself after that.
    Raises: WrongState when the table has no such step or somebody else was faster.
    """
    came_from: str = obj.state  # type: ignore[attr-defined]  # every noun with a table has the field
    goes_to = target_of(table, came_from, verb)
    if goes_to is None:
        raise WrongState(_("This cannot be done while it is “%(state)s”.") % {"state": came_from})
    rows = type(obj)._default_manager.filter(pk=obj.pk, state=came_from)
    if not rows.update(state=goes_to, **updates):
        raise WrongState(_("Somebody else changed this a moment ago. Load it again to see what stands now."))
    obj.state = goes_to  # type: ignore[attr-defined]  # as above
    for name, value in updates.items():
        setattr(obj, name, value)
    return came_from
