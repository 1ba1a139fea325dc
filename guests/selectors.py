"""Questions about links, and what each shows to its guest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from approvals.models import Request, RequestApprover
from approvals.permissions import DECIDE, may_decide
from approvals.selectors import request_rows
from calendar_app.models import Post, RevisionVariant
from calendar_app.permissions import SEE as SEE_POST
from calendar_app.selectors import POST, PostFilter, narrow
from calendar_app.states import PostState
from checkins.models import Series
from comments.models import Comment
from comments.permissions import SEE as SEE_COMMENT
from core.errors import NotFound
from core.refs import Ref
from guests.models import GuestLink, LinkEvent
from guests.permissions import INVITE
from guests.states import Happening, Scope
from teams.actors import Actor
from teams.models import AccessKey, Guest
from teams.permissions import require, visible
from teams.services.keys import hash_of
from teams.states import KeyKind

MOST_POSTS = 200
MOST_SERIES = 100
MOST_EVENTS = 200
MOST_COMPARED = 20
TITLE = 80


@dataclass(slots=True)
class Shown:
    """A post as a guest sees it: the revision that was put before him, or the one that stands if none was."""

    post: Post
    request: Request | None
    revision_id: UUID | None
    variants: list[RevisionVariant] = field(default_factory=list)
    folded: int = 0
    waits: bool = False

    @property
    def title(self) -> str:
        """Return the first words of what is shown; never those of a revision that is not."""
        words = " ".join(next((row.text for row in self.variants if row.text), "").split())
        if not words:
            return str(_("Untitled post"))
        return words if len(words) <= TITLE else words[: TITLE - 1].rstrip() + "…"

    @property
    def is_changing(self) -> bool:
        """Tell whether the team has gone on to another revision."""
        return self.revision_id != self.post.current_revision_id

    @property
    def ref(self) -> Ref:
        """Return the post as others name it."""
        return Ref(POST, self.post.pk)


def ids_of(link: GuestLink) -> list[UUID]:
    """Return what is in a link's scope now: posts, or the check-ins that the guest attends."""
    if link.scope != Scope.MEETINGS:
        return post_ids_of(link)
    rows = Series.objects.filter(seats__guest=link.guest_id).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:MOST_SERIES])


def post_ids_of(link: GuestLink) -> list[UUID]:
    """Return the posts in a link's scope now, the 200 latest of them.

    A view shows drafts only where its filter asks for them; what was put away is never shown.
    """
    rows = Post.objects.filter(archived_at=None)
    if link.scope == Scope.MEETINGS:
        return []
    if link.scope == Scope.POSTS:
        rows = rows.filter(pk__in=link.wanted.get("posts", []))
    elif link.scope == Scope.VIEW:
        wanted = filter_from(link.wanted)
        rows = narrow(rows, wanted)
        rows = rows if wanted.states else rows.exclude(state=PostState.DRAFT)
    else:
        rows = rows.filter(pk__in=_asked(link.guest_id).values("subject_id"))
    return list(rows.order_by("-id").values_list("pk", flat=True)[:MOST_POSTS])


def filter_from(wanted: Mapping[str, Any]) -> PostFilter:
    """Return the filter that a view keeps."""
    ids: dict[str, Any] = {name: tuple(UUID(each) for each in wanted.get(name, ())) for name in FILTERS}
    return PostFilter(states=tuple(wanted.get("states", ())), words=str(wanted.get("words", "")), **ids)


FILTERS = ("channels", "campaigns", "authors", "labels")


def posts_shown(by: Actor, link: GuestLink) -> list[Shown]:
    """Return what a link shows, in a fixed number of queries: what waits for the guest first, then by time."""
    rows = visible(by, SEE_POST, Post.objects.filter(archived_at=None)).order_by("-id")
    found = _shown(by, link, list(rows[:MOST_POSTS]))
    return sorted(found, key=lambda row: (not row.waits, row.post.scheduled_at is None, _when(row)))


def post_shown(by: Actor, link: GuestLink, pk: UUID) -> Shown:
    """Return one post of a link. Raises: NotFound for what lies beyond its scope."""
    rows = visible(by, SEE_POST, Post.objects.filter(archived_at=None, pk=pk))
    found = _shown(by, link, list(rows))
    if not found:
        raise NotFound(_("This post is not, or no longer, shared with you."))
    return found[0]


def is_media_shown(by: Actor, link: GuestLink, media_id: UUID) -> bool:
    """Tell whether a file is in what a link shows, or in what the guest saw before and is shown as changed."""
    holding = RevisionVariant.objects.filter(media__contains=[str(media_id)]).values("revision__post")
    rows = visible(by, SEE_POST, Post.objects.filter(archived_at=None, pk__in=holding)).order_by("-id")
    shown = _shown(by, link, list(rows[:MOST_POSTS]))
    if any(str(media_id) in variant.media for row in shown for variant in row.variants):
        return True
    looks = [last_seen(link, row.post.pk, row.revision_id) for row in shown[:MOST_COMPARED]]
    before = RevisionVariant.objects.filter(revision__in=[look.revision_id for look in looks if look])
    before = before.filter(media__contains=[str(media_id)])
    return before.exclude(channel__in=by.cache["hidden_channels"]).exists()


def is_attachment_shown(by: Actor, media_id: UUID) -> bool:
    """Tell whether a file goes with a comment that the guest may read, on a post in his scope."""
    posts = visible(by, SEE_POST, Post.objects.filter(archived_at=None)).order_by().values("pk")
    said = Comment.objects.filter(attachments__media=media_id, subject_type=POST, subject_id__in=posts)
    return visible(by, SEE_COMMENT, said).exists()


def last_seen(link: GuestLink, post_id: UUID, revision_id: UUID | None) -> LinkEvent | None:
    """Return when the guest last looked at another revision of a post than this one."""
    rows = LinkEvent.objects.filter(link=link, kind=Happening.SEEN, post_id=post_id)
    return rows.exclude(revision_id=revision_id).order_by("-at", "-id").first()


def links(by: Actor) -> QuerySet[GuestLink]:
    """Return the links of the workspace with the time of the last visit, latest first."""
    require(by, INVITE)
    rows = GuestLink.objects.select_related("guest", "created_by__user")
    visits = Max("events__at", filter=Q(events__kind=Happening.OPENED))
    return rows.annotate(opened_at=visits, said=Count("events", filter=Q(events__kind__in=SAID))).order_by(
        "-id"
    )


SAID = (Happening.APPROVED, Happening.CHANGES, Happening.COMMENTED)


def get_link(by: Actor, pk: UUID) -> GuestLink:
    """Return a link for who may give links. Raises: NotFound, NotAllowed."""
    found = links(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such link."))
    return found


def events_of(link: GuestLink) -> list[tuple[LinkEvent, Post | None]]:
    """Return the log of a link, latest first, each line with the post that it is about."""
    rows = list(LinkEvent.objects.filter(link=link).order_by("-at", "-id")[:MOST_EVENTS])
    posts = Post.objects.in_bulk({row.post_id for row in rows if row.post_id})
    return [(row, posts.get(row.post_id)) for row in rows]


def guests() -> QuerySet[Guest]:
    """Return the guests of the workspace by name."""
    return Guest.objects.order_by("name", "pk")


def key_of_secret(secret: str) -> AccessKey | None:
    """Return the key of a guest's secret, also of one that opens nothing any more, so that it can be said why."""
    if not secret.startswith("cb_gst_") or len(secret) > 200:
        return None
    return _link_keys().filter(hash=hash_of(secret)).first()


def key_of_id(ident: str) -> AccessKey | None:
    """Return the key that a browser has opened."""
    return _link_keys().filter(pk=ident).first()


def link_by_id(pk: UUID) -> GuestLink | None:
    """Return a link of the workspace in scope, whose key was shown."""
    rows = GuestLink.objects.select_related("guest", "workspace", "created_by__user", "created_by__role")
    return rows.filter(pk=pk).first()


def _link_keys() -> QuerySet[AccessKey]:
    rows = AccessKey.objects.select_related("workspace").filter(workspace__status="active")
    return rows.filter(kind=KeyKind.GUEST, subject_type="guests.guestlink")


def _asked(guest_id: UUID) -> QuerySet[Request]:
    """Return the requests about posts in which a step that names the guest has begun."""
    seats = RequestApprover.objects.filter(
        guest=guest_id, ended_at=None, request_step__opened_at__isnull=False
    )
    return Request.objects.filter(
        Exists(seats.filter(request_step__request=OuterRef("pk"))), subject_type=POST
    )


def _shown(by: Actor, link: GuestLink, posts: Sequence[Post]) -> list[Shown]:
    requests = _latest_requests(link, [post.pk for post in posts])
    found = [
        Shown(post, request, request.revision_id if request else post.current_revision_id)
        for post in posts
        for request in [requests.get(post.pk)]
    ]
    variants = _variants(row.revision_id for row in found)
    hidden = by.cache["hidden_channels"]
    for row in found:
        own = variants.get(row.revision_id, [])
        row.variants = [variant for variant in own if variant.channel_id not in hidden]
        row.folded = len(own) - len(row.variants)
        row.waits = _waits(by, row)
    return found


def _waits(by: Actor, row: Shown) -> bool:
    """Tell whether the guest may decide: a step names him, and nothing of the post is kept from him."""
    asked = row.request is not None and row.request.is_open and DECIDE in by.verbs
    return bool(asked and row.request and not row.folded and may_decide(by, row.request) is None)


def _latest_requests(link: GuestLink, post_ids: list[UUID]) -> dict[UUID, Request]:
    rows = _asked(link.guest_id) if link.scope == Scope.ASKED else Request.objects.all()
    rows = rows.filter(subject_type=POST, subject_id__in=post_ids)
    latest = rows.order_by("subject_id", "-submitted_at", "-pk").distinct("subject_id")
    return {
        row.subject_id: row for row in request_rows().filter(pk__in=list(latest.values_list("pk", flat=True)))
    }


def _variants(revision_ids: Iterable[UUID | None]) -> dict[UUID | None, list[RevisionVariant]]:
    rows = RevisionVariant.objects.filter(revision__in={ident for ident in revision_ids if ident})
    found: dict[UUID | None, list[RevisionVariant]] = {}
    for row in rows.select_related("channel").order_by("position", "pk"):
        found.setdefault(row.revision_id, []).append(row)
    return found


def _when(row: Shown) -> tuple[Any, Any]:
    return (row.post.scheduled_at or row.post.created_at, row.post.pk)
