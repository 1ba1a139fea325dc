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
    SKIPPED = "skipped", _("passed over")
    KEPT = "kept", _("approved before")


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


class Reopen(models.TextChoices):
    """From where a workflow's steps are asked again when something comes back changed."""

    FIRST = "first", _("from the first step")
    ASKER = "asker", _("from the step that asked for changes")
    UNCHANGED = "unchanged", _("only where what the step looks at has changed")


class Changing(models.TextChoices):
    """What a step's approvers may change of what they judge while it is in review."""

    ROLE = "role", _("what their role lets them change")
    NOTHING = "nothing", _("nothing: they decide and comment")
    SUGGEST = "suggest", _("nothing themselves, but they suggest other words")
    EDIT = "edit", _("everything: the others see what they changed")


class RungKind(models.TextChoices):
    """What happens of itself while a step waits, in the order of the ladder."""

    HALFWAY = "halfway", _("half of its time is over")
    NEAR = "near", _("its time is nearly over")
    AGAIN = "again", _("its time was over a day ago")
    BACKUP = "backup", _("its backups are asked, before the post loses its time")
    ESCALATE = "escalate", _("others are asked, before the post loses its time")
    WARN = "warn", _("the authors are warned, before the post loses its time")


SLOT_RUNGS = (RungKind.BACKUP, RungKind.ESCALATE, RungKind.WARN)


class AmendmentKind(models.TextChoices):
    """How a step of a running review was changed."""

    LAPSE = "lapse", _("went on without it, its time was over")
    SKIP = "skip", _("passed over")
    ADD = "add", _("asked one more")
    REASSIGN = "reassign", _("asked somebody else")
    DELEGATE = "delegate", _("handed on")


class ClearanceSource(models.TextChoices):
    """What a clearance rests on."""

    APPROVAL = "approval", _("a final approval")
    POLICY = "policy", _("the workspace asks for no approval")


class OverrideVerdict(models.TextChoices):
    """What a lead says afterwards to what went past its approval."""

    RIGHT = "right", _("it was right")
    WRONG = "wrong", _("it was not right")


ADVANCE = "advance"
OVERRIDE = "override"
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
    Transition(RequestState.OPEN, OVERRIDE, RequestState.APPROVED),
    Transition(RequestState.OPEN, UNDO, RequestState.OPEN),
    Transition(RequestState.APPROVED, WITHDRAW, RequestState.WITHDRAWN),
    Transition(RequestState.APPROVED, EDIT, RequestState.STALE),
    Transition(RequestState.APPROVED, UNDO, RequestState.OPEN),
    Transition(RequestState.CHANGES_REQUESTED, UNDO, RequestState.OPEN),
    Transition(RequestState.REJECTED, UNDO, RequestState.OPEN),
)
