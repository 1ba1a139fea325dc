"""Campaigns and labels."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from calendar_app.models import Campaign, Label
from calendar_app.permissions import CREATE, EDIT_CAMPAIGN, acting_as
from core.errors import Invalid
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Membership, Workspace

COLOURS = ("", "1", "2", "3", "4", "5", "6", "7", "8")
_EDITABLE = ("name", "starts_on", "ends_on", "colour", "goal", "is_archived")


def create_campaign(
    *,
    workspace: Workspace,
    name: str,
    starts_on: date,
    ends_on: date,
    colour: str = "",
    goal: str = "",
    owner: UUID | None = None,
    by: Actor,
) -> Campaign:
    """Add a campaign. Raises: NotAllowed; Invalid. Records: calendar_app.campaign.created."""
    by = acting_as(by, EDIT_CAMPAIGN)
    campaign = Campaign(
        workspace_id=workspace.pk,
        name=name.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        colour=colour,
        goal=goal.strip(),
        owner=_owner(owner),
    )
    _check(campaign)
    campaign.save(force_insert=True)
    record("calendar_app.campaign.created", by=by, subject=Ref("calendar_app.campaign", campaign.pk))
    return campaign


def edit_campaign(*, campaign: Campaign, by: Actor, **changes: Any) -> Campaign:
    """Change a campaign: name, days, colour, goal, owner, is_archived.

    Raises: NotAllowed; Invalid. Records: calendar_app.campaign.edited.
    """
    by = acting_as(by, EDIT_CAMPAIGN, campaign)
    for name in _EDITABLE:
        if name in changes:
            setattr(campaign, name, changes[name])
    if "owner" in changes:
        campaign.owner = _owner(changes["owner"])
    _check(campaign)
    campaign.save()
    record(
        "calendar_app.campaign.edited",
        by=by,
        subject=Ref("calendar_app.campaign", campaign.pk),
        fields=sorted(changes),
    )
    return campaign


def labels_named(*, names: Iterable[str], by: Actor) -> list[Label]:
    """Return the labels of these names, making those that are new.

    Raises: NotAllowed; Invalid for a name that is too long. Records: calendar_app.label.created for each new one.
    """
    by = acting_as(by, CREATE)
    wanted = list(dict.fromkeys(" ".join(name.split()) for name in names if name.strip()))
    if any(len(name) > 60 for name in wanted):
        message = _("A label has at most 60 characters.")
        raise Invalid(message, fields={"labels": [message]})
    there = {label.name.casefold(): label for label in Label.objects.all()}
    return [there.get(name.casefold()) or _new_label(name, by) for name in wanted]


def _new_label(name: str, by: Actor) -> Label:
    try:
        with transaction.atomic():
            label = Label(workspace_id=by.workspace_id, name=name)
            label.save(force_insert=True)
    except IntegrityError:
        return Label.objects.get(name=name)
    record("calendar_app.label.created", by=by, subject=Ref("calendar_app.label", label.pk))
    return label


def _check(campaign: Campaign) -> None:
    fields: dict[str, list[str]] = {}
    if not 1 <= len(campaign.name) <= 120:
        fields["name"] = [_("Give a name of 1 to 120 characters.")]
    if campaign.ends_on < campaign.starts_on:
        fields["ends_on"] = [_("The last day is before the first.")]
    if campaign.colour not in COLOURS:
        fields["colour"] = [_("Choose one of the eight colours, 1 to 8, or none.")]
    if len(campaign.goal) > 500:
        fields["goal"] = [_("A goal has at most 500 characters.")]
    if fields:
        raise Invalid(_("The campaign was not saved."), fields=fields)


def _owner(ident: UUID | None) -> Membership | None:
    if ident is None:
        return None
    found = Membership.objects.filter(pk=ident, status="active").first()
    if found is None:
        message = _("There is no such member.")
        raise Invalid(message, fields={"owner": [message]})
    return found
