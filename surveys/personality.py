"""What members can tell of themselves: kinds of result, for whom they are open, and the names that exist.

Names of types, themes and domains only; the questionnaires belong to their publishers and have no place here.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TraitKind(models.TextChoices):
    """What sort of thing somebody tells of himself."""

    MBTI = "mbti", _("MBTI type")
    STRENGTHS = "strengths", _("CliftonStrengths")
    MOTIVATION = "motivation", _("What motivates me")
    OTHER = "other", _("Another result")


class Audience(models.TextChoices):
    """For whom a result is open; each is wider than the one before."""

    ME = "me", _("Only me")
    LEADS = "leads", _("Team leads")
    TEAM = "team", _("My teams and team leads")
    WORKSPACE = "workspace", _("Everybody in the workspace")


class Reward(models.TextChoices):
    """What can be a reward for good work."""

    PRAISE = "praise", _("Praise before the team")
    THANKS = "thanks", _("A personal word of thanks")
    BONUS = "bonus", _("A bonus or voucher")
    TIME_OFF = "time_off", _("Time off")
    LEARNING = "learning", _("A course, book or conference")
    GROWTH = "growth", _("More responsibility")
    FREEDOM = "freedom", _("A free hand in how to work")
    FLEXIBLE = "flexible", _("Flexible hours or place")
    CREDIT = "credit", _("My name on the work")
    TOGETHER = "together", _("Something with the team")
    TOOLS = "tools", _("Better tools")


class Domain(models.TextChoices):
    """The four domains into which the themes fall."""

    EXECUTING = "executing", _("Executing")
    INFLUENCING = "influencing", _("Influencing")
    RELATING = "relating", _("Relationship building")
    THINKING = "thinking", _("Strategic thinking")


MBTI_TYPES = tuple(f"{e}{s}{t}{j}" for e in "EI" for s in "SN" for t in "TF" for j in "JP")
"""The sixteen types."""

_BY_DOMAIN = {
    Domain.EXECUTING: "Achiever Arranger Belief Consistency Deliberative Discipline Focus Responsibility Restorative",
    Domain.INFLUENCING: "Activator Command Communication Competition Maximizer Self-Assurance Significance Woo",
    Domain.RELATING: "Adaptability Connectedness Developer Empathy Harmony Includer Individualization"
    " Positivity Relator",
    Domain.THINKING: "Analytical Context Futuristic Ideation Input Intellection Learner Strategic",
}
DOMAIN_OF = {name: domain for domain, names in _BY_DOMAIN.items() for name in names.split()}
THEMES = tuple(sorted(DOMAIN_OF))
"""The names of the 34 themes; names are not translated. Source: gallup.com/cliftonstrengths, read 2026-11."""

FEWEST_THEMES, MOST_THEMES = 5, 34
MOST_REWARDS = 5
