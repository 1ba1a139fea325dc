"""Enumerations of surveys, and how a round moves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Transition


class StandardQuestion(models.TextChoices):
    """The questions that every new survey begins with, in the reader's language."""

    LIKE = "like", _("What do you like about what you do?")
    CHANGE = "change", _("What would you change?")


class QuestionKind(models.TextChoices):
    """How a question is answered."""

    TEXT = "text", _("in own words")
    SCALE = "scale", _("from 1 to 5")
    CHOICE = "choice", _("one of a list")
    CHOICES = "choices", _("any of a list")


WITH_OPTIONS = frozenset({QuestionKind.CHOICE, QuestionKind.CHOICES})
SCALE = range(1, 6)
"""The marks of a scale; 5 agrees most."""


class RoundState(models.TextChoices):
    """How far a round has come."""

    PLANNED = "planned", _("planned")
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")
    CANCELLED = "cancelled", _("cancelled")


class Readers(models.TextChoices):
    """Who sees the results of a round once it is closed."""

    LEADS = "leads", _("Team leads")
    ASKED = "asked", _("Everybody who was asked")


ROUND_STEPS = (
    Transition(RoundState.PLANNED, "open", RoundState.OPEN),
    Transition(RoundState.PLANNED, "cancel", RoundState.CANCELLED),
    Transition(RoundState.OPEN, "close", RoundState.CLOSED),
)
"""A closed round never opens again: what came in later could be told from what was shown before."""

FEWEST = 5
"""The smallest group of people about whom an anonymous round shows anything."""
