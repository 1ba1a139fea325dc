"""Questions about posts, revisions and what stands beside them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from calendar_app.content import Content, instant_text
from calendar_app.models import (
    Campaign,
    KeyDate,
    Label,
    Note,
    Post,
    PostChannel,
    PostLabel,
    Revision,
    RevisionVariant,
    Slot,
    WorkingCopy,
)
from calendar_app.permissions import SEE, hidden_channel_ids
from calendar_app.registry import held_posts
from core.errors import NotFound
from core.refs import Ref
from networks.models import Channel
from networks.selectors import told_apart
from teams.actors import Actor
from teams.permissions import require, visible

POST = "calendar_app.post"


@dataclass(frozen=True, slots=True)
class PostFilter:
    """What a list or the calendar is narrowed to; empty means everything."""

    states: tuple[str, ...] = ()
    channels: tuple[UUID, ...] = ()
    networks: tuple[str, ...] = ()
    campaigns: tuple[UUID, ...] = ()
    authors: tuple[UUID, ...] = ()
    labels: tuple[UUID, ...] = ()
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None
    with_archived: bool = False

    @property
    def is_narrow(self) -> bool:
        """Tell whether anything but the time is asked for."""
        return any((self.states, self.channels, self.campaigns, self.authors, self.labels, self.words))


def ref_of(post: Post) -> Ref:
    """Return the reference under which other apps know a post."""
    return Ref(POST, post.pk)


def posts_visible_to(by: Actor, wanted: PostFilter | None = None) -> QuerySet[Post]:
    """Return the posts that the actor may see, narrowed; unordered."""
    rows = visible(by, SEE, Post.objects.all())
    return narrow(rows, wanted or PostFilter())


def narrow(rows: QuerySet[Post], wanted: PostFilter, hidden: frozenset[UUID] = frozenset()) -> QuerySet[Post]:
    """Apply a filter to posts; no network of a channel that is `hidden` fits."""
    simple: dict[str, Any] = {
        "state__in": wanted.states,
        "campaign__in": wanted.campaigns,
        "author__in": wanted.authors,
    }
    rows = rows.filter(**{name: value for name, value in simple.items() if value})
    if not wanted.with_archived and "archived" not in wanted.states:
        rows = rows.filter(archived_at=None)
    if wanted.channels:
        of_post = PostChannel.objects.filter(post=OuterRef("pk"), channel__in=wanted.channels)
        rows = rows.filter(Exists(of_post))
    if wanted.networks:
        of_kind = PostChannel.objects.filter(post=OuterRef("pk"), channel__kind__in=wanted.networks)
        rows = rows.filter(Exists(of_kind.exclude(channel__in=hidden)))
    if wanted.labels:
        rows = rows.filter(Exists(PostLabel.objects.filter(post=OuterRef("pk"), label__in=wanted.labels)))
    if wanted.since:
        rows = rows.filter(scheduled_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(scheduled_at__lt=wanted.until)
    if wanted.words:
        text = RevisionVariant.objects.filter(
            revision=OuterRef("current_revision"), text__icontains=wanted.words
        )
        rows = rows.filter(
            Q(headline__icontains=wanted.words) | Q(title__icontains=wanted.words) | Exists(text)
        )
    return rows


def names_of_posts(by: Actor, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return what these posts are called, of those that the actor may see, also where they are put away."""
    rows = posts_visible_to(by, PostFilter(with_archived=True)).filter(pk__in=set(ids))
    return {post.pk: str(post) for post in rows.order_by("pk")}


def with_variants(rows: QuerySet[Post]) -> QuerySet[Post]:
    """Load with posts what stands of them: current variants with channels, and labels, in three more queries."""
    variants = RevisionVariant.objects.select_related("channel").order_by("position", "pk")
    labels = PostLabel.objects.select_related("label").order_by("label__name", "pk")
    return rows.select_related("current_revision").prefetch_related(
        Prefetch("current_revision__variants", variants), Prefetch("post_labels", labels)
    )


def get_post(by: Actor, pk: UUID, verb: str = SEE) -> Post:
    """Return a post for a purpose, with its current revision. Raises: NotFound, NotAllowed."""
    rows = visible(by, SEE, Post.objects.all())
    found = (
        rows.select_related("current_revision", "campaign", "author__user", "given_by__user", "workspace")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise NotFound(_("There is no such post."))
    require(by, verb, found)
    return found


def variants_of(revision: Revision) -> list[RevisionVariant]:
    """Return a revision's variants with their channels, in the order of the tabs."""
    rows = RevisionVariant.objects.filter(revision=revision).select_related("channel")
    return list(rows.order_by("position", "pk"))


def channels_of(post: Post) -> list[Channel]:
    """Return the post's channels in their order."""
    rows = PostChannel.objects.filter(post=post).select_related("channel").order_by("position")
    return [row.channel for row in rows]


def payload_of(revision: Revision, channel_id: UUID) -> Mapping[str, Any]:
    """Return the payload that a revision sends to a channel. Raises: NotFound."""
    found = RevisionVariant.objects.filter(revision=revision, channel=channel_id).first()
    if found is None:
        raise NotFound(_("This revision says nothing to that channel."))
    payload: Mapping[str, Any] = found.payload
    return payload


def get_revision(post: Post, number: int) -> Revision:
    """Return a revision by its number. Raises: NotFound."""
    found = Revision.objects.filter(post=post, number=number).select_related("created_by__user").first()
    if found is None:
        raise NotFound(_("There is no such revision."))
    return found


def revisions_of(post: Post) -> QuerySet[Revision]:
    """Return a post's revisions with their variants, latest first."""
    variants = RevisionVariant.objects.select_related("channel").order_by("position", "pk")
    rows = Revision.objects.filter(post=post).select_related("created_by__user")
    return rows.prefetch_related(Prefetch("variants", variants)).order_by("-number")


def content_of(post: Post) -> Content:
    """Return the document that stands: the current revision's, with the time now planned."""
    if post.current_revision is None:
        return Content()
    stored = Content.from_json(post.current_revision.content)
    return replace(stored, scheduled_at=instant_text(post.scheduled_at))


def writers_of(post: Post) -> frozenset[UUID]:
    """Return the memberships that made what stands: the author, each who cut a revision, each for whom."""
    rows = Revision.objects.filter(post=post).values_list("created_by_id", "on_behalf_of")
    found = {ident for row in rows for ident in row if ident is not None}
    return frozenset(found | ({post.author_id} if post.author_id else set()))


def kinds_of(post_ids: Iterable[UUID], hidden: frozenset[UUID] = frozenset()) -> dict[UUID, list[str]]:
    """Return the network kinds of posts, in the order of their tabs, without the hidden channels'."""
    rows = PostChannel.objects.filter(post__in=list(post_ids)).exclude(channel__in=hidden)
    found: dict[UUID, list[str]] = defaultdict(list)
    for post_id, kind in rows.order_by("post", "position", "pk").values_list("post_id", "channel__kind"):
        found[post_id].append(kind)
    return found


def names_of_channels(by: Actor, post_ids: Iterable[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Return, by post, the names of the channels that its revisions had, told apart, without those hidden from `by`.

    Of all revisions, so that a channel has one name wherever two of them are compared; two statements.
    """
    rows = RevisionVariant.objects.filter(revision__post__in=list(post_ids))
    rows = rows.exclude(channel__in=hidden_channel_ids(by)).order_by()
    pairs = set(rows.values_list("revision__post", "channel"))
    channels = Channel.objects.in_bulk({channel_id for _post_id, channel_id in pairs})
    found: dict[UUID, list[Channel]] = defaultdict(list)
    for post_id, channel_id in pairs:
        found[post_id].append(channels[channel_id])
    return {post_id: told_apart(own) for post_id, own in found.items()}


def held_among(by: Actor, post_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of the posts are paused now."""
    if not post_ids:
        return set()
    asked = (rows(by).filter(post_id__in=post_ids) for rows in held_posts.values())
    return {ident for rows in asked for ident in rows.values_list("post_id", flat=True)}


def is_held(by: Actor, post: str) -> Q:
    """Return the condition that the post which the field `post` of a row names is paused now."""
    found = Q(pk__in=[])
    for rows in held_posts.values():
        found |= Q(Exists(rows(by).filter(post_id=OuterRef(post))))
    return found


def problems_of(variants: Iterable[RevisionVariant], by: Actor | None = None) -> list[dict[str, Any]]:
    """Return what the networks would refuse or readers would miss, by channel."""
    hidden = hidden_channel_ids(by) if by else frozenset()
    return [
        {"channel": str(variant.channel_id), **problem}
        for variant in variants
        if variant.channel_id not in hidden
        for problem in variant.problems
    ]


def channels_for_writing(by: Actor) -> list[Channel]:
    """Return the channels for which the actor may write, in their order."""
    rows = visible(by, "networks.channel.write", Channel.objects.exclude(status="disconnected"))
    return list(rows.order_by("position", "id"))


def working_copy(by: Actor, post: Post | None, copy_id: UUID | None = None) -> WorkingCopy | None:
    """Return the actor's own unsaved copy of a post, or by its id one that is just being begun."""
    if by.member_id is None:
        return None
    rows = WorkingCopy.objects.filter(member=by.member_id)
    if post is not None:
        return rows.filter(post=post).first()
    return rows.filter(pk=copy_id, post=None).first() if copy_id else None


def begun_copies(by: Actor) -> QuerySet[WorkingCopy]:
    """Return what the actor began and never saved, latest first."""
    return WorkingCopy.objects.filter(member=by.member_id, post=None).order_by("-updated_at", "-pk")


def others_editing(by: Actor, post: Post, since: datetime) -> list[str]:
    """Return the names of others with an unsaved copy of the post touched since an instant."""
    rows = WorkingCopy.objects.filter(post=post, updated_at__gte=since).exclude(member=by.member_id)
    return list(rows.order_by("member__user__name").values_list("member__user__name", flat=True))


def campaigns(*, with_archived: bool = False) -> QuerySet[Campaign]:
    """Return the campaigns, first day first."""
    rows = Campaign.objects.select_related("owner__user")
    rows = rows if with_archived else rows.filter(is_archived=False)
    return rows.order_by("starts_on", "id")


def campaigns_with_briefs() -> QuerySet[Campaign]:
    """Return the campaigns in use, each with where its brief stands; unordered."""
    return Campaign.objects.filter(is_archived=False).select_related("owner__user", "brief")


def get_campaign(pk: UUID) -> Campaign:
    """Return a campaign, also one that was put away. Raises: NotFound."""
    found = campaigns(with_archived=True).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such campaign."))
    return found


def label_names(post: Post) -> QuerySet[PostLabel, str]:
    """Return the words by which a post is sorted, in the order in which they were given."""
    return PostLabel.objects.filter(post=post).order_by("id").values_list("label__name", flat=True)


def labels() -> QuerySet[Label]:
    """Return the labels by name."""
    return Label.objects.order_by("name", "pk")


def notes() -> QuerySet[Note]:
    """Return the notes, first day first."""
    return Note.objects.select_related("created_by__user").order_by("on_date", "id")


def key_dates() -> QuerySet[KeyDate]:
    """Return the key dates, first day first."""
    return KeyDate.objects.order_by("on_date", "id")


def slots(by: Actor) -> QuerySet[Slot]:
    """Return the usual times of the channels that the actor may see."""
    rows = Slot.objects.select_related("channel").exclude(channel__in=hidden_channel_ids(by))
    return rows.order_by("weekday", "wall_time", "id")


def get_owned(model: Any, pk: UUID) -> Any:
    """Return a campaign, note, slot or label of the workspace by its id. Raises: NotFound."""
    found = model.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such thing here."))
    return found
