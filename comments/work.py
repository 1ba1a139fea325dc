"""What comments put on somebody's list of work: where somebody named him and he has not answered."""

from collections.abc import Mapping, Sequence

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from comments.models import Comment, Mention
from comments.permissions import SEE, WRITE
from core.refs import Ref
from teams.actors import Actor
from teams.permissions import can, covered_actors, visible
from teams.places import subjects_within
from teams.subjects import seen_subjects, subjects
from teams.work import Found, WorkItem, WorkRows, WorkSource, in_whose_place

SHOWN = 120


def mention_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return where the actor, or whom he covers, was named in a thread that goes on and has said nothing since."""
    if actor.member is None or not can(actor, SEE):
        return []
    own = Q(member=actor.member)
    covered = {
        one.covered.pk: _within(one) for one in covered_actors(actor) if one.covered and WRITE in one.verbs
    }
    wanted = own
    for theirs in covered.values():
        wanted |= theirs
    rows = _unanswered().filter(wanted, seen_subjects(actor, "comment__"))
    rows = rows.filter(comment__in=visible(actor, SEE, Comment.objects.order_by()).values("pk"))
    place = in_whose_place(own, covered)
    return [WorkRows("mention", rows, since="comment__created_at", covered=place)]


def mention_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return what to say of comments that name somebody; one statement."""
    people = ("comment__member__user", "comment__guest")
    rows = Mention.objects.select_related(*people).in_bulk([one.id for one in found])
    slug = actor.member.workspace.slug if actor.member else ""
    return {one: _item(rows[one.id].comment, slug) for one in found if one.id in rows}


MENTIONS = WorkSource(mention_rows, mention_items)


def _unanswered() -> QuerySet[Mention]:
    """Return mentions in open threads in which the named one, or somebody in his place, has not spoken since."""
    root = Coalesce("comment__parent", "comment")
    since = Comment.objects.filter(
        Q(pk=OuterRef("root")) | Q(parent=OuterRef("root")),
        Q(member=OuterRef("member")) | Q(on_behalf_of=OuterRef("member")),
        created_at__gte=OuterRef("comment__created_at"),
    )
    goes_on = Q(comment__parent=None, comment__resolved_at=None)
    goes_on |= Q(comment__parent__isnull=False, comment__parent__resolved_at=None)
    rows = Mention.objects.alias(root=root).filter(goes_on, ~Exists(since))
    return rows.exclude(comment__member=F("member"))


def _within(cover: Actor) -> Q:
    named = Q(member=cover.covered)
    if cover.bounds is None:
        return named
    about = Comment.objects.filter(subjects_within(cover.bounds)).order_by()
    return named & Q(comment__in=about.values("pk"))


def _item(comment: Comment, slug: str) -> WorkItem:
    kind = subjects.get(comment.subject_type)
    words = " ".join(comment.body.split())
    return WorkItem(
        kind="mention",
        title=words if len(words) <= SHOWN else f"{words[:SHOWN]}…",
        url=f"{kind.path(slug, comment.subject_id)}#comment-{comment.pk}",
        why=_("%(name)s named you") % {"name": comment.author_name},
        icon="at",
        action=_("Answer"),
        ref=Ref(comment.subject_type, comment.subject_id),
    )
