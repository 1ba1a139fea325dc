"""Duties: what there is to do, who answers for it, and who looks over what goes out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Backup, Duty, DutyKind, DutyScope, Membership, Moderator, Workspace
from teams.permissions import in_own_right
from teams.scopes import CHANNEL, choices_for
from teams.services.backups import put_backups
from teams.states import StarterKind
from teams.subjects import load_subject

MOST_DUTIES = 500
MOST_SCOPES = 50
MOST_KINDS = 100
WEEK_MINUTES = 7 * 24 * 60
Scope = tuple[str, str]


def create_duty(
    *,
    kind: DutyKind,
    name: str = "",
    scopes: Sequence[Scope] = (),
    owner: Membership | None = None,
    backups: Sequence[Membership] = (),
    effort_minutes: int = 0,
    by: Actor,
) -> Duty:
    """Add a duty at the end of the list. Raises: NotAllowed, Invalid. Records: teams.duty.created."""
    by = in_own_right(by, "teams.duty.edit")
    if Duty.objects.filter(ended_at=None).count() >= MOST_DUTIES:
        raise Invalid(_("A workspace has at most %(count)s duties.") % {"count": MOST_DUTIES})
    last = Duty.objects.filter(ended_at=None).aggregate(last=Max("position"))["last"] or 0
    duty = Duty(workspace_id=by.workspace_id, kind=kind, owner=owner, position=last + 1)
    _fit(duty, name=name, effort_minutes=effort_minutes)
    _check_people(owner, backups)
    wanted = _checked_scopes(scopes, by, frozenset())
    duty.save(force_insert=True)
    _put_scopes(duty, wanted)
    _put_backups(duty, backups)
    record("teams.duty.created", by=by, subject=duty.ref, **_facts(duty))
    return duty


def change_duty(*, duty: Duty, by: Actor, **changes: Any) -> Duty:
    """Change a duty: kind, name, scopes, owner, backups, effort_minutes.

    A new owner takes over the duty's backups, less himself; without an owner nobody stands in.
    Raises: NotAllowed; WrongState when it has ended; Invalid. Records: teams.duty.changed.
    """
    by = in_own_right(by, "teams.duty.edit", duty)
    if duty.ended_at is not None:
        raise WrongState(_("This duty has ended."))
    before = duty.owner_id
    standing = backups_of_duty(duty)
    duty.kind = changes.get("kind", duty.kind)
    duty.owner = changes.get("owner", duty.owner)
    _fit(
        duty,
        name=changes.get("name", duty.name),
        effort_minutes=changes.get("effort_minutes", duty.effort_minutes),
    )
    heirs = [person for person in standing if duty.owner and person.pk != duty.owner.pk and person.is_active]
    backups = changes.get("backups", heirs)
    _check_people(duty.owner, backups)
    if "scopes" in changes:
        held = frozenset((row.type, row.key) for row in duty.scopes.all())
        _put_scopes(duty, _checked_scopes(changes["scopes"], by, held))
    duty.save()
    Backup.objects.filter(scope_type=duty.ref.type, scope_id=duty.pk).delete()
    _put_backups(duty, backups)
    facts = {"before": str(before) if before else None, "fields": sorted(changes)}
    record("teams.duty.changed", by=by, subject=duty.ref, **_facts(duty), **facts)
    return duty


def place_duty(*, duty: Duty, place: int, by: Actor) -> Duty:
    """Move a duty to a place, 1 being the most important. Raises: NotAllowed. Records: teams.duty.placed."""
    by = in_own_right(by, "teams.duty.edit", duty)
    rows = list(Duty.objects.filter(ended_at=None).exclude(pk=duty.pk).order_by("position", "pk"))
    rows.insert(max(0, min(place - 1, len(rows))), duty)
    for position, row in enumerate(rows, start=1):
        row.position = position
    Duty.objects.bulk_update(rows, ["position"])
    record("teams.duty.placed", by=by, subject=duty.ref, place=duty.position)
    return duty


def end_duty(*, duty: Duty, by: Actor) -> Duty:
    """Drop a duty that nobody needs any more; its history stays.

    Raises: NotAllowed; WrongState when it has ended. Records: teams.duty.ended.
    """
    by = in_own_right(by, "teams.duty.edit", duty)
    if duty.ended_at is not None:
        raise WrongState(_("This duty has ended."))
    duty.ended_at = now()
    duty.save(update_fields=["ended_at"])
    Backup.objects.filter(scope_type=duty.ref.type, scope_id=duty.pk).delete()
    record("teams.duty.ended", by=by, subject=duty.ref)
    return duty


def kind_named(*, name: str, by: Actor) -> DutyKind:
    """Return the kind of work of this name, made when it is new.

    Raises: NotAllowed, Invalid. Records: teams.dutykind.created where it is new.
    """
    by = in_own_right(by, "teams.duty.edit")
    wanted = " ".join(name.split())
    if not 1 <= len(wanted) <= 80:
        message = _("Give a name of 1 to 80 characters.")
        raise Invalid(message, fields={"kind": [message]})
    known = list(DutyKind.objects.order_by("pk")[:MOST_KINDS])
    there = next(
        (kind for kind in known if wanted.casefold() in (kind.name.casefold(), str(kind).casefold())), None
    )
    if there is not None:
        return there
    if len(known) >= MOST_KINDS:
        raise Invalid(_("A workspace has at most %(count)s kinds of work.") % {"count": MOST_KINDS})
    kind = DutyKind(workspace_id=by.workspace_id, name=wanted)
    kind.save(force_insert=True)
    record("teams.dutykind.created", by=by, subject=Ref("teams.dutykind", kind.pk))
    return kind


def starter_kind(key: StarterKind, workspace_id: UUID) -> DutyKind:
    """Return a starter kind, put into a workspace that has not got it yet."""
    found = DutyKind.objects.filter(key=key).first()
    if found is None:
        try:
            with transaction.atomic():
                found = DutyKind(workspace_id=workspace_id, key=key, name=str(key.label))
                found.save(force_insert=True)
        except IntegrityError:
            found = DutyKind.objects.get(key=key)
    return found


def name_moderator(*, channel_id: UUID, member: Membership | None, by: Actor) -> Moderator | None:
    """Name who looks over what goes out on a channel; None takes the name away.

    Raises: NotAllowed; NotFound for a channel that the actor may not see; Invalid for an ended membership.
    Records: teams.duty.moderator_named.
    """
    by = in_own_right(by, "teams.duty.moderate")
    load_subject(by, Ref(CHANNEL, channel_id))
    _check_people(member, ())
    Moderator.objects.filter(channel_id=channel_id).delete()
    row = None
    if member is not None:
        row = Moderator(workspace_id=by.workspace_id, channel_id=channel_id, member=member)
        row.save()
    facts = {"member": str(member.pk) if member else None}
    record("teams.duty.moderator_named", by=by, subject=Ref(CHANNEL, channel_id), **facts)
    return row


def furnish_duties(workspace: Workspace, by: Actor) -> None:
    """Give a new workspace the starter duties, in the hands of who made it. Records: teams.duty.created for each."""
    for key in StarterKind:
        create_duty(kind=starter_kind(key, workspace.pk), owner=by.member, by=by)


def backups_of_duty(duty: Duty) -> list[Membership]:
    """Return who stands in for a duty by its own list, in order."""
    rows = Backup.objects.filter(scope_type=duty.ref.type, scope_id=duty.pk).order_by("position", "pk")
    return [row.backup for row in rows.select_related("backup__user", "backup__role")]


def _fit(duty: Duty, *, name: str, effort_minutes: int) -> None:
    fields: dict[str, list[str]] = {}
    if len(name.strip()) > 120:
        fields["name"] = [_("Give a name of at most 120 characters.")]
    if not 0 <= effort_minutes <= WEEK_MINUTES:
        fields["effort_minutes"] = [_("The effort lies between nothing and a whole week.")]
    if fields:
        raise Invalid(_("The duty was not saved."), fields=fields)
    duty.name, duty.effort_minutes = name.strip(), effort_minutes


def _check_people(owner: Membership | None, backups: Sequence[Membership]) -> None:
    if owner is not None and not owner.is_active:
        message = _("Only a member of the workspace can be responsible.")
        raise Invalid(message, fields={"owner": [message]})
    if owner is None and backups:
        message = _("Name an owner first; a backup stands in for somebody.")
        raise Invalid(message, fields={"backups": [message]})


def _checked_scopes(wanted: Sequence[Scope], by: Actor, held: frozenset[Scope]) -> list[Scope]:
    scopes = list(dict.fromkeys(wanted))
    known = {(choice.type, choice.key) for choice in choices_for(by)} if set(scopes) - held else set()
    if len(scopes) > MOST_SCOPES or not set(scopes) <= known | held:
        message = _("Choose networks, channels and campaigns of this workspace.")
        raise Invalid(message, fields={"scopes": [message]})
    return scopes


def _put_scopes(duty: Duty, scopes: Sequence[Scope]) -> None:
    duty.scopes.all().delete()
    for kind, key in scopes:
        DutyScope(workspace_id=duty.workspace_id, duty=duty, type=kind, key=key).save()


def _put_backups(duty: Duty, backups: Sequence[Membership]) -> None:
    if duty.owner is not None:
        put_backups(duty.owner, backups, duty.ref)


def _facts(duty: Duty) -> dict[str, Any]:
    return {"owner": str(duty.owner_id) if duty.owner_id else None, "effort_minutes": duty.effort_minutes}
