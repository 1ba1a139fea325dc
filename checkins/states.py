"""Enumerations of check-ins, and how meetings and actions move."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Transition


class DayRule(models.TextChoices):
    """What becomes of a meeting whose day does not suit."""

    HOLD = "hold", _("It takes place")
    MOVE = "move", _("It moves to the next working day")
    SKIP = "skip", _("It is left out")


class MeetingState(models.TextChoices):
    """How far a meeting has come."""

    PLANNED = "planned", _("planned")
    OPEN = "open", _("under way")
    CLOSED = "closed", _("closed")
    SKIPPED = "skipped", _("left out")


MEETING_STEPS = (
    Transition(MeetingState.PLANNED, "open", MeetingState.OPEN),
    Transition(MeetingState.PLANNED, "skip", MeetingState.SKIPPED),
    Transition(MeetingState.SKIPPED, "restore", MeetingState.PLANNED),
    Transition(MeetingState.OPEN, "close", MeetingState.CLOSED),
)


class Why(models.TextChoices):
    """Why a meeting is not when its series says."""

    HOLIDAY = "holiday", _("a holiday")
    AWAY = "away", _("too many are away")
    HAND = "hand", _("decided by a person")
    UNHELD = "unheld", _("nobody held it")


class PointKind(models.TextChoices):
    """What is written down in a meeting."""

    DECISION = "decision", _("Decision")
    NOTE = "note", _("Note")


class ActionState(models.TextChoices):
    """How an action stands."""

    OPEN = "open", _("open")
    DONE = "done", _("done")
    DROPPED = "dropped", _("dropped")


class Verdict(models.TextChoices):
    """What is reported of an action."""

    DONE = "done", _("Done")
    CONTINUE = "continue", _("Still open")
    DROP = "drop", _("Drop")


ACTION_STEPS = (
    Transition(ActionState.OPEN, Verdict.DONE, ActionState.DONE),
    Transition(ActionState.OPEN, Verdict.DROP, ActionState.DROPPED),
    Transition(ActionState.OPEN, Verdict.CONTINUE, ActionState.OPEN),
    Transition(ActionState.DONE, Verdict.CONTINUE, ActionState.OPEN),
    Transition(ActionState.DONE, Verdict.DROP, ActionState.DROPPED),
    Transition(ActionState.DONE, Verdict.DONE, ActionState.DONE),
    Transition(ActionState.DROPPED, Verdict.CONTINUE, ActionState.OPEN),
    Transition(ActionState.DROPPED, Verdict.DONE, ActionState.DONE),
    Transition(ActionState.DROPPED, Verdict.DROP, ActionState.DROPPED),
)
"""What was reported can be reported otherwise while its meeting is not closed."""
