"""Posts that need their people: what failed, what nobody knows the outcome of, and what was given to somebody."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from calendar_app.models import Post
from calendar_app.permissions import EDIT
from calendar_app.selectors import POST, PostFilter, posts_visible_to
from core.refs import Ref
from publishing.permissions import RESOLVE
from publishing.selectors import unresolved
from teams.actors import Actor
from teams.permissions import can, covered_actors
from teams.places import rows_within
from teams.subjects import subjects
from teams.work import Found, WorkItem, WorkRows, WorkSource, in_whose_place

WANTING = {"needs_attention": "red", "failed": "red", "partly_published": "amber", "expired": "amber"}
GIVEN, TO_WRITE = "given", ("draft", "changes_requested", "rejected")
LATE = "approved"
"""Approved after its time: it waits for a new one."""


def post_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return the posts of the actor, and by cover of absent members, that did not go as planned.

    Not those whose deliveries stand on his list themselves.
    """
    if actor.member is None:
        return []
    own = Q(author=actor.member)
    covers = [one for one in covered_actors(actor) if one.covered and EDIT in one.verbs]
    covered = {one.covered.pk: _within(one) for one in covers if one.covered}
    wanted = own
    for theirs in covered.values():
        wanted |= theirs
    rows = posts_visible_to(actor, PostFilter(states=(*WANTING, LATE))).filter(wanted)
    rows = rows.exclude(Q(state=LATE) & (Q(scheduled_at=None) | Q(scheduled_at__gt=Now())))
    if can(actor, RESOLVE):
        rows = rows.filter(~Exists(unresolved(actor).filter(post=OuterRef("pk"))))
    whose = in_whose_place(own, covered)
    given = posts_visible_to(actor, PostFilter(states=TO_WRITE)).filter(wanted, given_by__isnull=False)
    return [
        WorkRows("post", rows, since="updated_at", covered=whose),
        WorkRows(GIVEN, given, since="given_at", due="scheduled_at", covered=whose),
    ]


def post_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return what to say of posts; one statement."""
    rows = Post.objects.select_related("campaign", "given_by__user")
    posts = rows.in_bulk([one.id for one in found])
    slug = actor.member.workspace.slug if actor.member else ""
    say = {GIVEN: _to_write}
    return {one: say.get(one.kind, _item)(posts[one.id], slug) for one in found if one.id in posts}


POSTS = WorkSource(post_rows, post_items)


def _within(cover: Actor) -> Q:
    """Return the condition on the absent member's posts, where the cover is bound only those within its bounds."""
    if cover.bounds is None:
        return Q(author=cover.covered)
    own = Post.objects.filter(author=cover.covered).order_by()
    return Q(pk__in=rows_within(cover.bounds, own).values("pk"))


def _item(post: Post, slug: str) -> WorkItem:
    why = {
        "needs_attention": _("say whether it is live"),
        "failed": _("was not published"),
        "partly_published": _("not on every channel"),
        "expired": _("its time passed before it was approved"),
        LATE: _("approved after its time, choose a new one"),
    }
    return WorkItem(
        kind="post",
        why=why.get(post.state, ""),
        icon="alert-triangle",
        tone=WANTING.get(post.state, "amber"),
        action=_("Look"),
        **_shared(post, slug),
    )


def _to_write(post: Post, slug: str) -> WorkItem:
    name = post.given_by.user.name if post.given_by else ""
    why = _("write, %(name)s gave it to you") % {"name": name}
    return WorkItem(kind=GIVEN, why=why, icon="pencil", action=_("Write"), **_shared(post, slug))


def _shared(post: Post, slug: str) -> dict[str, Any]:
    return {
        "title": str(post),
        "url": subjects.get(POST).path(slug, post.pk),
        "tag": post.campaign.name if post.campaign else "",
        "tag_key": str(post.campaign_id or ""),
        "goes_out_at": post.scheduled_at,
        "ref": Ref(POST, post.pk),
    }
