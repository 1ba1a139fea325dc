"""Links: made for a named person, mailed, taken back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext as _

from calendar_app.selectors import posts_visible_to
from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from guests.models import GuestLink, LinkEvent
from guests.permissions import INVITE
from guests.states import Happening, Scope
from teams.actors import Actor
from teams.models import AccessKey, Guest, Membership
from teams.permissions import in_own_right
from teams.services.guests import guest_of
from teams.states import ActorKind, KeyKind

MOST_DAYS = 366
MOST_LINKS = 500
MOST_SHARED = 50
PIN_LENGTHS = range(4, 9)


@transaction.atomic
def make_link(
    *,
    name: str,
    email: str,
    scope: str,
    wanted: Mapping[str, Any] | None = None,
    days: int = 30,
    purpose: str = "",
    note: str = "",
    may_comment: bool = True,
    may_decide: bool = True,
    is_single_use: bool = False,
    is_renewable: bool = True,
    pin: str = "",
    by: Actor,
) -> GuestLink:
    """Give a named person outside the workspace a link; its secret goes out by mail and is seen by nobody else.

    So who gives the link cannot use it, and a decision by it is the guest's own.
    Raises: NotAllowed; Invalid for an address of a member, posts that the maker may not see, a silly time or PIN.
    Records: guests.guestlink.made.
    """
    by = in_own_right(by, INVITE)
    _require_sound(scope, days, pin)
    guest = guest_of(name=name, email=email, by=by)
    link = GuestLink(
        workspace_id=by.workspace_id,
        guest=guest,
        purpose=purpose.strip(),
        note=note.strip(),
        scope=scope,
        wanted=_checked(scope, wanted or {}, by),
        may_comment=may_comment,
        may_decide=may_decide,
        is_single_use=is_single_use,
        is_renewable=is_renewable,
        pin_hash=make_password(pin) if pin else "",
        created_by=by.member,
        ends_at=now() + timedelta(days=days),
        next_mail_at=now(),
    )
    return _save(link, by)


@transaction.atomic
def make_asked_link(*, guest: Guest, for_member: Membership | None, by: Actor) -> GuestLink:
    """Give a guest whom a workflow asks a link to what it asks; shows what the submitter sees.

    Records: guests.guestlink.made.
    """
    link = GuestLink(
        workspace_id=by.workspace_id,
        guest=guest,
        scope=Scope.ASKED,
        created_by=for_member,
        ends_at=now() + timedelta(days=MOST_DAYS),
    )
    return _save(link, by)


@transaction.atomic
def make_meeting_link(*, guest: Guest, for_member: Membership | None, by: Actor) -> GuestLink:
    """Give a guest who attends check-ins a link to them: agenda, his update, his actions, the minutes.

    Records: guests.guestlink.made.
    """
    link = GuestLink(
        workspace_id=by.workspace_id,
        guest=guest,
        scope=Scope.MEETINGS,
        may_comment=False,
        may_decide=False,
        created_by=for_member,
        ends_at=now() + timedelta(days=MOST_DAYS),
    )
    return _save(link, by)


@transaction.atomic
def revoke_link(*, link: GuestLink, by: Actor) -> GuestLink:
    """Take a link back: from the next request on it opens nothing, in no browser.

    Raises: NotAllowed; WrongState when it was taken back already. Records: guests.guestlink.revoked.
    """
    by = in_own_right(by, INVITE)
    at = now()
    if not GuestLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=at, next_mail_at=None):
        raise WrongState(_("This link was taken back already."))
    link.refresh_from_db()
    keys = AccessKey.objects.filter(workspace_id=link.workspace_id, kind=KeyKind.GUEST, subject_id=link.pk)
    keys.filter(revoked_at=None).update(revoked_at=at)
    note(link, Happening.REVOKED)
    record("guests.guestlink.revoked", by=by, subject=link.ref)
    return link


@transaction.atomic
def mail_again(*, link: GuestLink, by: Actor) -> GuestLink:
    """Send the guest a new mail; wrong PINs are forgiven. Raises: NotAllowed; WrongState for a link that has ended."""
    by = in_own_right(by, INVITE)
    rows = GuestLink.objects.filter(pk=link.pk, revoked_at=None, ends_at__gt=now())
    if not rows.update(next_mail_at=now(), mail_attempts=0, wrong_pins=0, is_news=False):
        raise WrongState(_("This link has ended. Make another one."))
    record("guests.guestlink.renewed", by=by, subject=link.ref)
    link.refresh_from_db()
    return link


def tell_news(*, link: GuestLink, wants: bool) -> None:
    """Switch the mails about answers and changes on or off; one that waits is not sent.

    The guest does so himself by his link; who is asked for a decision is mailed all the same.
    Records: guests.guestlink.configured.
    """
    GuestLink.objects.filter(pk=link.pk).update(wants_news=wants)
    if not wants:
        GuestLink.objects.filter(pk=link.pk, is_news=True).update(next_mail_at=None, is_news=False)
    by = Actor(ActorKind.GUEST, link.workspace_id, link.guest_id)
    record("guests.guestlink.configured", by=by, subject=link.ref, wants=wants)


def note(
    link: GuestLink,
    kind: Happening,
    *,
    post_id: UUID | None = None,
    revision_id: UUID | None = None,
    number: int | None = None,
) -> None:
    """Write a line into the link's log."""
    LinkEvent(
        workspace_id=link.workspace_id,
        link=link,
        kind=kind,
        post_id=post_id,
        revision_id=revision_id,
        revision_number=number,
    ).save(force_insert=True)


def _save(link: GuestLink, by: Actor) -> GuestLink:
    if GuestLink.objects.filter(revoked_at=None, ends_at__gt=now()).count() >= MOST_LINKS:
        raise Invalid(_("There are %(count)s open links. Take some back first.") % {"count": MOST_LINKS})
    link.save(force_insert=True)
    note(link, Happening.MADE)
    record("guests.guestlink.made", by=by, subject=link.ref, guest=str(link.guest_id), scope=str(link.scope))
    return link


def _require_sound(scope: str, days: int, pin: str) -> None:
    if scope not in Scope.values or scope == Scope.MEETINGS:
        raise _invalid("scope", _("Choose what the link shows."))
    if not 1 <= days <= MOST_DAYS:
        raise _invalid("days", _("A link lives from 1 to 366 days."))
    if pin and (not (pin.isascii() and pin.isdigit()) or len(pin) not in PIN_LENGTHS):
        raise _invalid("pin", _("A PIN has four to eight digits."))


def _checked(scope: str, wanted: Mapping[str, Any], by: Actor) -> dict[str, Any]:
    """Return what a link shows, as it is kept. Raises: Invalid."""
    if scope != Scope.POSTS:
        return dict(wanted)
    idents = list(dict.fromkeys(str(ident) for ident in wanted.get("posts", [])))
    if not 1 <= len(idents) <= MOST_SHARED:
        raise _invalid("posts", _("Choose 1 to %(most)s posts.") % {"most": MOST_SHARED})
    if posts_visible_to(by).filter(pk__in=idents).count() != len(idents):
        raise _invalid("posts", _("One of these posts is not there, or not yours to see."))
    return {"posts": idents}


def _invalid(name: str, message: str) -> Invalid:
    return Invalid(message, fields={name: [message]})
