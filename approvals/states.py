"""States of a request and the one table of how it moves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Transition


class RequestState(models.TextChoices):
    """Where a request stands."""

    OPEN = "open", _("in review")
    CHANGES_REQUESTED = "changes_requested", _("changes requested")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    STALE = "stale", _("out of date")


class StepState(models.TextChoices):
    """Where one step of a request stands."""

    WAITING = "waiting", _("not yet")
    OPEN = "open", _("waiting for a decision")
    PASSED = "passed", _("approved")


class Rule(models.TextChoices):
    """How many of a step's approvers must approve."""

    ANY = "any", _("any one of them")
    ALL = "all", _("all of them")
    N = "n", _("a number of them")


class Verdict(models.TextChoices):
    """What an approver says."""

    APPROVE = "approve", _("approved")
    REQUEST_CHANGES = "request_changes", _("asked for changes")
    REJECT = "reject", _("rejected")


class ClearanceSource(models.TextChoices):
    """What a clearance rests on."""

    APPROVAL = "approval", _("a final approval")
    POLICY = "policy", _("the workspace asks for no approval")


ADVANCE = "advance"
WITHDRAW = "withdraw"
EDIT = "edit"
UNDO = "undo"

REQUEST_TABLE = (
    Transition(RequestState.OPEN, ADVANCE, RequestState.OPEN),
    Transition(RequestState.OPEN, Verdict.APPROVE, RequestState.APPROVED),
    Transition(RequestState.OPEN, Verdict.REQUEST_CHANGES, RequestState.CHANGES_REQUESTED),
    Transition(RequestState.OPEN, Verdict.REJECT, RequestState.REJECTED),
    Transition(RequestState.OPEN, WITHDRAW, RequestState.WITHDRAWN),
    Transition(RequestState.OPEN, EDIT, RequestState.STALE),
    Transition(RequestState.OPEN, UNDO, RequestState.OPEN),
    Transition(RequestState.APPROVED, WITHDRAW, RequestState.WITHDRAWN),
    Transition(RequestState.APPROVED, EDIT, RequestState.STALE),
    Transition(RequestState.APPROVED, UNDO, RequestState.OPEN),
    Transition(RequestState.CHANGES_REQUESTED, UNDO, RequestState.OPEN),
    Transition(RequestState.REJECTED, UNDO, RequestState.OPEN),
)
