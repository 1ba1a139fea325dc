"""What campaigns that nobody answers for put on a lead's list of work."""

from collections.abc import Mapping, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import ngettext

from calendar_app.models import Campaign
from calendar_app.permissions import SEE
from teams.actors import Actor
from teams.gap_work import hands_out, has_owner, in_one_line
from teams.models import DutyScope
from teams.permissions import can
from teams.scopes import CAMPAIGN
from teams.states import MemberStatus
from teams.work import Found, WorkItem, WorkRows, WorkSource


def campaign_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return the campaigns without owner that no duty reaches, as one line."""
    if not hands_out(actor) or not can(actor, SEE):
        return []
    return [WorkRows("gap_campaign", _unowned(), since="created_at", is_one_line=True)]


def campaign_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return the line."""
    slug = actor.member.workspace.slug if actor.member else ""
    return {one: in_one_line(_words(one.number), slug) for one in found}


CAMPAIGNS = WorkSource(campaign_rows, campaign_items)


def _words(count: int) -> str:
    return ngettext("%(n)d campaign has no owner", "%(n)d campaigns have no owner", count) % {"n": count}


def _unowned() -> QuerySet[Campaign]:
    reaching = DutyScope.objects.filter(has_owner(), type=CAMPAIGN, key=Cast(OuterRef("pk"), TextField()))
    owned = Q(owner__status=MemberStatus.ACTIVE)
    return Campaign.objects.filter(~owned | Q(owner=None), ~Exists(reaching), is_archived=False)
