"""What stands on the days of the calendar besides posts: notes, key dates, the usual times of channels."""

from datetime import date, time
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from calendar_app.models import KeyDate, Note, Slot
from calendar_app.permissions import EDIT_CAMPAIGN, EDIT_NOTE, EDIT_SLOT, acting_as
from core.errors import Invalid
from core.record import record
from core.refs import Ref
from networks.models import Channel
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import visible


def write_note(*, workspace: Workspace, on_date: date, text: str, by: Actor) -> Note:
    """Write a note on a day. Raises: NotAllowed; Invalid. Records: calendar_app.note.written."""
    by = acting_as(by, EDIT_NOTE)
    note = Note(workspace_id=workspace.pk, on_date=on_date, text=_note_text(text), created_by=by.member)
    note.save(force_insert=True)
    record("calendar_app.note.written", by=by, subject=Ref("calendar_app.note", note.pk))
    return note


def edit_note(*, note: Note, by: Actor, on_date: date | None = None, text: str | None = None) -> Note:
    """Change a note. Raises: NotAllowed; Invalid. Records: calendar_app.note.edited."""
    by = acting_as(by, EDIT_NOTE, note)
    note.on_date = on_date or note.on_date
    note.text = note.text if text is None else _note_text(text)
    note.save()
    record("calendar_app.note.edited", by=by, subject=Ref("calendar_app.note", note.pk))
    return note


def remove_note(*, note: Note, by: Actor) -> None:
    """Take a note off. Raises: NotAllowed. Records: calendar_app.note.removed."""
    by = acting_as(by, EDIT_NOTE, note)
    record("calendar_app.note.removed", by=by, subject=Ref("calendar_app.note", note.pk))
    note.delete()


def add_key_date(
    *, workspace: Workspace, on_date: date, name: str, kind: str = "holiday", by: Actor
) -> KeyDate:
    """Mark a day that matters to everybody; the same name on the same day stays one.

    Raises: NotAllowed; Invalid. Records: calendar_app.keydate.added when it is new.
    """
    by = acting_as(by, EDIT_CAMPAIGN)
    if not 1 <= len(name.strip()) <= 120:
        message = _("Give a name of 1 to 120 characters.")
        raise Invalid(message, fields={"name": [message]})
    there = KeyDate.objects.filter(on_date=on_date, name=name.strip()).first()
    if there is not None:
        return there
    found = KeyDate(workspace_id=workspace.pk, on_date=on_date, name=name.strip(), kind=kind)
    found.save(force_insert=True)
    record("calendar_app.keydate.added", by=by, subject=Ref("calendar_app.keydate", found.pk))
    return found


def add_slot(*, workspace: Workspace, channel: UUID, weekday: int, wall_time: time, by: Actor) -> Slot:
    """Set a usual time of a channel. Raises: NotAllowed; Invalid. Records: calendar_app.slot.added."""
    by = acting_as(by, EDIT_SLOT)
    slot = Slot(workspace_id=workspace.pk)
    _set_slot(slot, {"channel": channel, "weekday": weekday, "wall_time": wall_time}, by)
    record("calendar_app.slot.added", by=by, subject=Ref("calendar_app.slot", slot.pk))
    return slot


def edit_slot(*, slot: Slot, by: Actor, **changes: Any) -> Slot:
    """Change a usual time: channel, weekday, wall_time.

    Raises: NotAllowed; Invalid. Records: calendar_app.slot.edited.
    """
    by = acting_as(by, EDIT_SLOT, slot)
    _set_slot(slot, changes, by)
    record("calendar_app.slot.edited", by=by, subject=Ref("calendar_app.slot", slot.pk))
    return slot


def remove_slot(*, slot: Slot, by: Actor) -> None:
    """Take a usual time away; posts planned at it stay. Records: calendar_app.slot.removed."""
    by = acting_as(by, EDIT_SLOT, slot)
    record("calendar_app.slot.removed", by=by, subject=Ref("calendar_app.slot", slot.pk))
    slot.delete()


def _set_slot(slot: Slot, changes: dict[str, Any], by: Actor) -> None:
    if "channel" in changes:
        rows = visible(by, "networks.channel.see", Channel.objects.filter(pk=changes["channel"]))
        channel = rows.first()
        if channel is None:
            message = _("There is no such channel.")
            raise Invalid(message, fields={"channel": [message]})
        slot.channel = channel
    slot.weekday = changes.get("weekday", slot.weekday)
    slot.wall_time = changes.get("wall_time", slot.wall_time)
    if slot.weekday not in range(7):
        message = _("A weekday is a number from 0, Monday, to 6, Sunday.")
        raise Invalid(message, fields={"weekday": [message]})
    try:
        with transaction.atomic():
            slot.save()
    except IntegrityError:
        message = _("The channel has this time already.")
        raise Invalid(message, fields={"wall_time": [message]}) from None


def _note_text(text: str) -> str:
    text = " ".join(text.split())
    if not 1 <= len(text) <= 300:
        message = _("Write a note of 1 to 300 characters.")
        raise Invalid(message, fields={"text": [message]})
    return text
