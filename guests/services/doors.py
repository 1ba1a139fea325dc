"""The door of a link: opened by its secret, once or often, with a PIN or without; a new mail for who asks."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import NotAllowed, TooMany, WrongState
from core.record import record
from guests.models import MOST_WRONG_PINS, GuestLink, LinkEvent
from guests.selectors import Shown
from guests.services.links import note
from guests.states import Ending, Happening
from teams.actors import Actor
from teams.models import AccessKey
from teams.states import ActorKind

MINUTE = timedelta(minutes=1)
MOST_ASKS = 120
RENEWALS_WITHIN = timedelta(hours=1)
MOST_RENEWALS = 3
MOST_LOOKS_APART = timedelta(minutes=30)


def ending_of(link: GuestLink, key: AccessKey, *, is_open: bool, at: datetime) -> Ending | None:
    """Return why a key opens nothing; a browser that has opened a single-use key goes on until the link ends."""
    if (ending := link.ending(at)) is not None:
        return ending
    if key.revoked_at is not None:
        return Ending.REVOKED
    if key.expires_at is not None and at >= key.expires_at:
        return Ending.OVER
    return Ending.USED if key.is_single_use and key.last_used_at is not None and not is_open else None


@transaction.atomic
def open_door(*, link: GuestLink, key: AccessKey, pin: str = "") -> bool:
    """Open a link in a browser and use a single-use key up; False for a wrong PIN, which is counted.

    Raises: WrongState when somebody was faster or the link has ended. Records: guests.guestlink.opened.
    Locks: the link's row, so that guesses are counted one after the other.
    """
    locked = GuestLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    current = AccessKey.objects.get(pk=key.pk)
    ending = ending_of(locked, current, is_open=False, at=now())
    if ending is not None:
        raise WrongState(str(ending.label), code=str(ending))
    if locked.has_pin and not check_password(pin.strip(), locked.pin_hash):
        _count_wrong(locked)
        return False
    rows = AccessKey.objects.filter(pk=key.pk, revoked_at=None)
    if key.is_single_use:
        rows = rows.filter(last_used_at=None)
    if not rows.update(last_used_at=now()):
        raise WrongState(str(Ending.USED.label), code=str(Ending.USED))
    GuestLink.objects.filter(pk=link.pk).update(wrong_pins=0)
    note(locked, Happening.OPENED)
    record("guests.guestlink.opened", by=_guest(locked), subject=locked.ref)
    return True


@transaction.atomic
def ask_for_mail(*, link: GuestLink) -> None:
    """Send a new secret to the guest's own address, because somebody with an older one asks.

    Raises: NotAllowed where the link is not renewable; WrongState where it has ended; TooMany.
    Locks: the link's row.
    """
    locked = GuestLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    ending = locked.ending(now())
    if ending is not None:
        raise WrongState(str(ending.label), code=str(ending))
    if not locked.is_renewable:
        raise NotAllowed(_("This link is not sent again. Ask who gave it to you."))
    since = now() - RENEWALS_WITHIN
    asked = LinkEvent.objects.filter(link=locked, kind=Happening.RENEWED, at__gte=since).count()
    if asked >= MOST_RENEWALS:
        raise TooMany(
            _("A new mail was asked for several times already. Look into your mailbox, or try in an hour."),
            retry_after_seconds=int(RENEWALS_WITHIN.total_seconds()),
        )
    GuestLink.objects.filter(pk=locked.pk).update(next_mail_at=now(), mail_attempts=0, is_news=False)
    note(locked, Happening.RENEWED)


def count_ask(link: GuestLink) -> None:
    """Count one page view. Raises: TooMany after 120 in a minute."""
    at = now()
    fresh = Q(asks_since__gt=at - MINUTE)
    GuestLink.objects.filter(pk=link.pk).update(
        asks=Case(When(fresh, then=F("asks") + 1), default=Value(1)),
        asks_since=Case(When(fresh, then=F("asks_since")), default=Value(at)),
    )
    if GuestLink.objects.values_list("asks", flat=True).get(pk=link.pk) > MOST_ASKS:
        raise TooMany(_("That was very often. Wait a minute, then go on."), retry_after_seconds=60)


def note_look(link: GuestLink, shown: Shown) -> None:
    """Note that the guest looked at a revision, once in half an hour."""
    about = {"post_id": shown.post.pk, "revision_id": shown.revision_id}
    rows = LinkEvent.objects.filter(link=link, kind=Happening.SEEN, **about)
    if not rows.filter(at__gte=now() - MOST_LOOKS_APART).exists():
        number = shown.request.revision_number if shown.request else shown.post.version
        note(link, Happening.SEEN, number=number, **about)


def _count_wrong(link: GuestLink) -> None:
    GuestLink.objects.filter(pk=link.pk).update(wrong_pins=F("wrong_pins") + 1)
    is_last = link.wrong_pins + 1 >= MOST_WRONG_PINS
    note(link, Happening.SHUT if is_last else Happening.WRONG_PIN)


def _guest(link: GuestLink) -> Actor:
    return Actor(ActorKind.GUEST, link.workspace_id, link.guest_id)
