"""Posts that need their people: what failed, or what nobody knows the outcome of."""

from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from calendar_app.models import Post
from calendar_app.selectors import POST, PostFilter, posts_visible_to
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import covered_actors
from teams.subjects import subjects
from teams.work import WorkItem

WANTING = {"needs_attention": "red", "failed": "red", "partly_published": "amber", "expired": "amber"}
MOST = 50


def post_items(actor: Actor) -> list[WorkItem]:
    """Return the posts of the actor, and by cover of absent members, that did not go as planned."""
    if actor.member is None:
        return []
    covered = {one.covered.pk: one.covered.user.name for one in covered_actors(actor) if one.covered}
    people = {actor.member.pk, *covered}
    wanted = PostFilter(states=tuple(WANTING))
    rows = posts_visible_to(actor, wanted).filter(Q(author__in=people)).select_related("campaign")
    slug = actor.member.workspace.slug
    return [_item(post, slug, covered) for post in rows.order_by("-updated_at", "-pk")[:MOST]]


def _item(post: Post, slug: str, covered: dict[UUID, str]) -> WorkItem:
    why = {
        "needs_attention": _("say whether it is live"),
        "failed": _("was not published"),
        "partly_published": _("not on every channel"),
        "expired": _("its time passed before it was approved"),
    }
    return WorkItem(
        kind="post",
        title=str(post),
        url=subjects.get(POST).path(slug, post.pk),
        why=why[post.state],
        since=post.updated_at,
        for_name=covered.get(post.author_id, ""),
        icon="alert-triangle",
        tone=WANTING[post.state],
        tag=post.campaign.name if post.campaign else "",
        tag_key=str(post.campaign_id or ""),
        action=_("Look"),
        ref=Ref(POST, post.pk),
    )
