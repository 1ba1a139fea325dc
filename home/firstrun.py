"""The first steps in an empty workspace, and what is still missing later."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from calendar_app.models import Post
from core.together import ask
from networks.models import Channel
from teams.actors import Actor
from teams.models import Backup, Membership
from teams.permissions import can
from teams.states import MemberStatus, RoleKey

APPROVING = (RoleKey.OWNER, RoleKey.ADMIN, RoleKey.LEAD)


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One of the first steps: done, the next one, or still to come."""

    title: str
    text: str
    state: str
    url: str
    action: str


def first_steps(by: Actor, slug: str) -> list[FirstStep]:
    """Return the first steps while one of them is open, for those who can take them, nothing once all are done."""
    if not can(by, "teams.member.invite"):
        return []
    active = Membership.objects.filter(status=MemberStatus.ACTIVE)
    wanted: list[tuple[QuerySet[Any], int]] = [
        (Post.objects.all(), 1),
        (active.filter(role__key__in=APPROVING), 2),
        (Post.objects.filter(state="published"), 1),
        (Channel.objects.exclude(kind="newsroom").exclude(status="disconnected"), 1),
        (Backup.objects.all(), 1),
    ]
    questions = {
        str(step): rows.order_by().values("pk")[:enough] for step, (rows, enough) in enumerate(wanted)
    }
    counts = ask({}, questions).counts
    done = [counts[str(step)] == enough for step, (_rows, enough) in enumerate(wanted)]
    if all(done):
        return []
    following = done.index(False)
    return [
        FirstStep(title, text, _state(index, done, following), _url(slug, *names), action)
        for index, (title, text, names, action) in enumerate(_words())
    ]


def _words() -> list[tuple[str, str, tuple[str, ...], str]]:
    return [
        (
            _("Write the first post"),
            _("It goes to your newsroom, a public page of your own that is ready already."),
            ("calendar_app:compose", "calendar_app:new_post", "calendar_app:post_new", "calendar_app:month"),
            _("Write it"),
        ),
        (
            _("Invite somebody who approves"),
            _("Nobody approves what is their own: a team lead or an admin has to say yes."),
            ("teams:members",),
            _("Invite"),
        ),
        (
            _("Have it approved and published"),
            _("Submit the post; once approved it goes out at its time."),
            ("approvals:queue",),
            _("Look at approvals"),
        ),
        (
            _("Connect a channel"),
            _("Bluesky, Mastodon and others, beside the newsroom."),
            ("networks:channels",),
            _("Connect"),
        ),
        (
            _("Give everybody a backup"),
            _("Backups take over while somebody is away, without anybody having to ask."),
            ("teams:backups", "teams:absences", "teams:members"),
            _("Set backups"),
        ),
    ]


def _state(index: int, done: list[bool], following: int) -> str:
    if done[index]:
        return "done"
    return "now" if index == following else ""


def _url(slug: str, *names: str) -> str:
    for name in names:
        try:
            return reverse(name, args=[slug])
        except NoReverseMatch:
            continue
    return ""
