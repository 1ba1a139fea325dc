"""Updates: shared before a meeting or in it, by each for himself or by who covers him; help offered."""

from django.db import transaction
from django.utils.translation import gettext as _

from checkins.models import Update
from checkins.permissions import SEE, SHARE
from checkins.services.meetings import require_words
from checkins.services.planning import lock_meeting
from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from teams.actors import Actor
from teams.permissions import in_own_right
from teams.states import ActorKind

MOST_WORDS = 2000


@transaction.atomic
def write_update(*, update: Update, wins: str, help_wanted: str, goals: str, by: Actor) -> Update:
    """Share wins, where help is wanted and goals; said anew as long as the meeting is not closed.

    Where help was promised already and the wish has changed, the promise stands no more. Raises: NotAllowed;
    WrongState; Invalid for nothing at all, or too much. Locks: the meeting, the update.
    Records: checkins.meeting.shared.
    """
    by = in_own_right(by, SHARE, update)
    meeting = lock_meeting(update.meeting)
    require_words(meeting)
    row = _row_of(update)
    said = {"wins": wins.strip(), "help": help_wanted.strip(), "goals": goals.strip()}
    fields = {name: [_("At most 2,000 characters.")] for name, text in said.items() if len(text) > MOST_WORDS}
    if not any(said.values()):
        fields["wins"] = [_("Write at least one of the three.")]
    if fields:
        raise Invalid(_("Nothing was shared; what you wrote is kept below."), fields=fields)
    if said["help"] != row.help:
        row.helper = row.helper_guest = row.helped_at = None
    for name, text in said.items():
        setattr(row, name, text)
    row.written_at, row.by = now(), by.member if by.on_behalf_of else None
    row.save()
    record("checkins.meeting.shared", by=by, subject=meeting.ref, update=str(row.pk))
    return row


def _row_of(update: Update) -> Update:
    """Return the row of an update, made where it was not asked for yet, held until the commit."""
    rows = Update.objects.select_for_update(of=("self",))
    if not update._state.adding:
        return rows.get(pk=update.pk)
    whose = {"meeting": update.meeting, "member": update.member, "guest": update.guest}
    known = {"workspace_id": update.workspace_id, "happened": update.happened}
    return rows.get_or_create(**whose, defaults=known)[0]


@transaction.atomic
def offer_help(*, update: Update, by: Actor) -> Update:
    """Take on what somebody wants help with. Raises: NotAllowed; WrongState where somebody was faster.

    Locks: the update. Records: checkins.meeting.help_offered.
    """
    by = in_own_right(by, SEE, update.meeting.series)
    row = Update.objects.select_for_update(of=("self",)).select_related("helper__user").get(pk=update.pk)
    meeting = lock_meeting(update.meeting)
    if not row.help:
        raise WrongState(_("No help is wanted here."))
    if row.helped_at is not None:
        raise WrongState(_("Somebody has taken this on already."))
    is_guest = by.kind == ActorKind.GUEST
    own = row.guest_id == by.id if is_guest else row.member_id == by.member_id
    if own:
        raise WrongState(_("You cannot help yourself; ask the others."))
    if is_guest:
        row.helper_guest_id = by.id
    else:
        row.helper = by.member
    row.helped_at = now()
    row.save(update_fields=["helper", "helper_guest", "helped_at"])
    record("checkins.meeting.help_offered", by=by, subject=meeting.ref, update=str(row.pk))
    return row


@transaction.atomic
def withdraw_help(*, update: Update, by: Actor) -> Update:
    """Take one's offer back. Raises: WrongState where it is not one's own. Records: checkins.meeting.help_withdrawn."""
    row = Update.objects.select_for_update(of=("self",)).get(pk=update.pk)
    own = row.helper_guest_id == by.id if by.kind == ActorKind.GUEST else row.helper_id == by.member_id
    if row.helped_at is None or not own:
        raise WrongState(_("Only who offered help takes it back."))
    row.helper = row.helper_guest = row.helped_at = None
    row.save(update_fields=["helper", "helper_guest", "helped_at"])
    record("checkins.meeting.help_withdrawn", by=by, subject=update.meeting.ref, update=str(row.pk))
    return row
