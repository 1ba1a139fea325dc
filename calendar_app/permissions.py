"""Who may see, write, submit, plan and put away posts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.changing import BARRING, changing_for
from approvals.pieces import PieceState
from approvals.states import Changing
from calendar_app.briefs import BRIEF, Brief
from calendar_app.models import Post, PostChannel
from calendar_app.states import OWN_ONLY_EDITABLE, REVIEWED
from core.errors import Ambiguous
from core.refs import Ref
from core.together import ask
from networks.models import Channel
from networks.permissions import OVERSEE, PUBLISH, WRITE
from networks.permissions import SEE as SEE_CHANNEL
from teams.actors import Actor
from teams.limits import limits_on
from teams.permissions import (
    EVERYBODY,
    MANAGERS,
    WRITERS,
    Refusal,
    Verb,
    condition,
    holds,
    refuse,
    register_verbs,
    require,
    scoper,
    selves,
    standing_for,
    visible,
)

SEE = "calendar_app.post.see"
CREATE = "calendar_app.post.create"
EDIT = "calendar_app.post.edit"
EDIT_OTHERS = "calendar_app.post.edit_others"
SUBMIT = "calendar_app.post.submit"
SCHEDULE = "calendar_app.post.schedule"
ARCHIVE = "calendar_app.post.archive"
ABOUT_POSTS = (SEE, CREATE, EDIT, EDIT_OTHERS, SUBMIT, SCHEDULE, ARCHIVE)
EDIT_CAMPAIGN = "calendar_app.campaign.edit"
SEE_BRIEF = "calendar_app.brief.see"
EDIT_BRIEF = "calendar_app.brief.edit"
SUBMIT_BRIEF = "calendar_app.brief.submit"
ABOUT_BRIEFS = (SEE_BRIEF, EDIT_BRIEF, SUBMIT_BRIEF)
EDIT_NOTE = "calendar_app.note.edit"
EDIT_SLOT = "calendar_app.slot.edit"
SAVE_VIEW = "calendar_app.view.save"
SHARE_VIEW = "calendar_app.view.share"
MAKE_FEED = "calendar_app.feed.make"

register_verbs(
    [
        Verb(SEE, gettext_lazy("see posts"), EVERYBODY, covers=True),
        Verb(CREATE, gettext_lazy("write posts"), WRITERS, covers=True),
        Verb(EDIT, gettext_lazy("edit posts"), WRITERS, covers=True),
        Verb(EDIT_OTHERS, gettext_lazy("edit posts of others, and approved ones"), MANAGERS, covers=True),
        Verb(SUBMIT, gettext_lazy("submit posts for approval"), WRITERS, covers=True),
        Verb(SCHEDULE, gettext_lazy("schedule posts"), MANAGERS, covers=True),
        Verb(ARCHIVE, gettext_lazy("put posts away"), WRITERS, covers=True),
        Verb(EDIT_CAMPAIGN, gettext_lazy("edit campaigns"), MANAGERS, covers=True),
        Verb(SEE_BRIEF, gettext_lazy("see campaigns and their briefs"), EVERYBODY, covers=True),
        Verb(EDIT_BRIEF, gettext_lazy("write the briefs of campaigns"), MANAGERS, covers=True),
        Verb(SUBMIT_BRIEF, gettext_lazy("submit briefs for approval"), MANAGERS, covers=True),
        Verb(EDIT_NOTE, gettext_lazy("write notes into the calendar"), WRITERS, covers=True),
        Verb(EDIT_SLOT, gettext_lazy("set the usual times of a channel"), MANAGERS, covers=True),
        Verb(SAVE_VIEW, gettext_lazy("keep views of the calendar"), EVERYBODY, covers=False),
        Verb(
            SHARE_VIEW,
            gettext_lazy("share views with everybody, and change shared ones"),
            WRITERS,
            covers=False,
        ),
        Verb(MAKE_FEED, gettext_lazy("give out views as calendar feeds"), WRITERS, covers=False),
    ]
)


def hidden_channel_ids(actor: Actor) -> frozenset[UUID]:
    """Return the restricted channels that the actor may not see, in one statement per request.

    It asks for those whom he covers as well: what is visible to him is theirs too.
    """
    if actor.is_system or sees_all_channels(actor):
        return frozenset()
    if "hidden_channels" not in actor.cache:
        barred = [one for one in selves(actor, SEE) if not sees_all_channels(one)]
        answers = ask({str(number): _hidden_from(one) for number, one in enumerate(barred)}).rows
        for one, rows in zip(barred, answers.values(), strict=True):
            one.cache["hidden_channels"] = frozenset(UUID(row["pk"]) for row in rows)
    found: frozenset[UUID] = actor.cache["hidden_channels"]
    return found


def sees_every_post(actor: Actor) -> bool:
    """Tell whether no channel, and so no post, is hidden from the actor."""
    return not hidden_channel_ids(actor)


def sees_all_channels(actor: Actor) -> bool:
    """Tell whether no channel can be hidden from the actor, restricted or beyond a limit."""
    return OVERSEE in actor.verbs and not limits_on(actor.limits, SEE_CHANNEL)


def _hidden_from(actor: Actor) -> "QuerySet[Channel, Any]":
    is_limited = limits_on(actor.limits, SEE_CHANNEL)
    restricted = Channel.objects.all() if is_limited else Channel.objects.filter(is_restricted=True)
    seen = visible(actor, SEE_CHANNEL, restricted).values("pk")
    return restricted.exclude(pk__in=seen).order_by().values("pk")


@scoper(SEE)
def posts_on_visible_channels(actor: Actor, queryset: QuerySet[Post]) -> QuerySet[Post]:
    """Show a post that has no channel yet, or at least one that the actor may see."""
    hidden = hidden_channel_ids(actor)
    if not hidden:
        return queryset
    channels = PostChannel.objects.filter(post=OuterRef("pk"))
    return queryset.filter(Q(Exists(channels.exclude(channel__in=hidden))) | ~Q(Exists(channels)))


@condition(EDIT)
def as_its_review_lets(actor: Actor, post: Any) -> Refusal | None:
    """Hold an approver to what his step lets him change; where it lets him edit, the post need not be his."""
    if isinstance(post, Post) and post.state in REVIEWED:
        said = changing_for(actor, Ref("calendar_app.post", post.pk))
        if said == Changing.EDIT:
            return None
        if said == Changing.SUGGEST:
            return refuse(
                EDIT, _("You judge this post now: suggest other words, the author takes them over.")
            )
        if said == Changing.NOTHING:
            return refuse(
                EDIT, _("You judge this post now, and its workflow lets you only decide and comment.")
            )
    return own_drafts_only(actor, post)


@condition(EDIT_BRIEF)
def as_the_review_of_a_brief_lets(actor: Actor, brief: Any) -> Refusal | None:
    """Hold an approver of a brief to what his step lets him change."""
    if not isinstance(brief, Brief) or brief.state != PieceState.IN_REVIEW:
        return None
    if changing_for(actor, Ref(BRIEF, brief.pk)) in BARRING:
        return refuse(
            EDIT_BRIEF, _("You judge this brief now, and its workflow lets you only decide and comment.")
        )
    return None


@condition(SUBMIT, ARCHIVE)
def own_drafts_only(actor: Actor, post: Any) -> Refusal | None:
    """Hold who may not edit others' posts to own posts that nobody has approved."""
    if not isinstance(post, Post) or holds(actor, EDIT_OTHERS, post):
        return None
    writer = actor.on_behalf_of or actor.member_id
    if post.author_id != writer:
        return refuse(EDIT_OTHERS, _("This post is somebody else's."))
    if post.state not in OWN_ONLY_EDITABLE:
        message = _("You can change your own posts while they are drafts or changes are requested.")
        return refuse(EDIT_OTHERS, message)
    return None


def acting_as(actor: Actor, verb: str, obj: Any = None) -> Actor:
    """Return the actor to record: himself where he may, else in the place of a member he covers.

    Raises: NotAllowed.
    """
    try:
        return standing_for(actor, verb, obj)
    except Ambiguous as both:
        return standing_for(actor, verb, obj, member_id=UUID(both.choices[0]["for"]))


def require_channels(actor: Actor, channels: Iterable[Channel], *, publish: bool = False) -> None:
    """Require the right on every one of a post's channels. Raises: NotAllowed."""
    for channel in channels:
        require(actor, PUBLISH if publish else WRITE, channel)
