"""Briefs: written, submitted, withdrawn."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from approvals.models import Workflow
from approvals.paths import SubmissionFacts
from approvals.services.pieces import PieceKind, cut_revision, submit_piece, withdraw_piece
from calendar_app.briefs import BRIEF, Brief, BriefRevision
from calendar_app.models import Campaign
from calendar_app.permissions import EDIT_BRIEF, SUBMIT_BRIEF, acting_as
from core.errors import Invalid, Stale
from teams.actors import Actor

TEXT_MAX = 20_000


def facts_of_brief(brief: Brief, writers: frozenset[UUID]) -> SubmissionFacts:
    """Return what approval routing looks at: the campaign and who wrote."""
    return SubmissionFacts(campaign_id=brief.campaign_id, authors=writers)


BRIEFS = PieceKind(BRIEF, Brief, BriefRevision, facts_of_brief)


@transaction.atomic
def save_brief(*, campaign: Campaign, text: str, expected_number: int, by: Actor) -> Brief:
    """Write the brief of a campaign; every change of the words is a revision.

    Raises: NotAllowed; Invalid; Stale when another revision stands than `expected_number`, 0 for none; Locked.
    Records: calendar_app.brief.saved.
    """
    brief = Brief.objects.select_related("workspace").filter(pk=campaign.pk).first()
    by = acting_as(by, EDIT_BRIEF, brief or campaign)
    text = _checked(text)
    brief = brief or _begun(campaign)
    revision = BriefRevision(workspace_id=campaign.workspace_id, piece=brief, text=text)
    cut_revision(kind=BRIEFS, piece=brief, revision=revision, expected_number=expected_number, by=by)
    return brief


def submit_brief(
    *,
    brief: Brief,
    note: str = "",
    workflow: Workflow | None = None,
    expected_number: int | None = None,
    by: Actor,
) -> Brief:
    """Put a brief up for approval. Raises and records as submit_piece."""
    by = acting_as(by, SUBMIT_BRIEF, brief)
    submit_piece(
        kind=BRIEFS, piece=brief, note=note, workflow=workflow, expected_number=expected_number, by=by
    )
    return brief


def withdraw_brief(*, brief: Brief, by: Actor) -> Brief:
    """Take a brief back from review, or its approval back. Raises: NotAllowed; WrongState."""
    withdraw_piece(kind=BRIEFS, piece=brief, by=by)
    return brief


def _begun(campaign: Campaign) -> Brief:
    brief = Brief(pk=campaign.pk, workspace_id=campaign.workspace_id, campaign=campaign)
    try:
        with transaction.atomic():
            brief.save(force_insert=True)
    except IntegrityError:
        raise Stale(_("Somebody began this brief a moment ago. Load it again.")) from None
    return brief


def _checked(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    message = ""
    if not text:
        message = _("Write what the campaign is for and what is wanted.")
    elif len(text) > TEXT_MAX:
        message = _("A brief has at most %(most)d characters.") % {"most": TEXT_MAX}
    elif "\x00" in text:
        message = _("The text holds a character that cannot be stored.")
    if message:
        raise Invalid(_("The brief was not saved; what you wrote is kept."), fields={"text": [message]})
    return text
