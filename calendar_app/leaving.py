"""What a leaver holds of the calendar: campaigns in his care, posts and drafts that are not out yet."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from calendar_app.models import Campaign, Post
from calendar_app.selectors import posts_visible_to
from calendar_app.states import PostState
from teams.actors import Actor
from teams.holdings import Holder, Holding, default_heir
from teams.models import Membership

DONE = (PostState.PUBLISHED, PostState.PARTLY_PUBLISHED, PostState.CANCELLED, PostState.ARCHIVED)
ONE_BY_ONE = 50
REST = "posts:rest"


def _find(by: Actor, member: Membership) -> Iterator[Holding]:
    heir = default_heir(member)
    for campaign in Campaign.objects.filter(owner=member, is_archived=False).order_by("starts_on", "pk"):
        yield Holding(f"campaign:{campaign.pk}", _("Campaign"), campaign.name, heir)
    posts = list(_posts(member).order_by("scheduled_at", "pk")[: ONE_BY_ONE + 1])
    seen = set(posts_visible_to(by).filter(pk__in=[post.pk for post in posts]).values_list("pk", flat=True))
    for post in posts[:ONE_BY_ONE]:
        title = str(post) if post.pk in seen else _("a post that you cannot see")
        yield Holding(f"post:{post.pk}", _("Post"), title, heir)
    if len(posts) > ONE_BY_ONE:
        count = _posts(member).count() - ONE_BY_ONE
        yield Holding(REST, _("Post"), _("%(count)s further posts and drafts") % {"count": count}, heir)


def _hand_over(member: Membership, key: str, heir: Membership | None, by: Actor) -> None:
    kind, _colon, ident = key.partition(":")
    if kind == "campaign":
        Campaign.objects.filter(pk=UUID(ident), owner=member).update(owner=heir)
    elif key == REST:
        _posts(member).update(author=heir)
    else:
        _posts(member).filter(pk=UUID(ident)).update(author=heir)


def _posts(member: Membership) -> QuerySet[Post]:
    return Post.objects.filter(author=member, archived_at=None).exclude(state__in=DONE)


CALENDAR_HOLDER = Holder(_find, _hand_over)
