"""What approval routing looks at in posts: their facts, the values a route can name, and posts to try a route on."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Coalesce

from approvals.paths import SubmissionFacts, Target
from approvals.registry import Option, Past
from calendar_app.content import Content
from calendar_app.models import RATINGS, RISKS, Campaign, Label, Post, PostChannel, PostLabel, Revision
from calendar_app.permissions import hidden_channel_ids
from calendar_app.rendering import RenderedRevision
from calendar_app.selectors import labels, posts_visible_to, writers_of
from core.templatetags.ui import network_name
from networks.models import Channel
from networks.selectors import told_apart
from teams.actors import Actor
from teams.models import LANGUAGES

MOST_RECENT = 300
MOST_OPTIONS = 100


def facts_of(post: Post) -> SubmissionFacts:
    """Return what approval routing looks at in a post as it stands."""
    return facts_of_posts([post])[post.pk]


def facts_of_posts(posts: Sequence[Post]) -> dict[UUID, SubmissionFacts]:
    """Return the facts of posts, in a fixed number of queries."""
    idents = [post.pk for post in posts]
    targets: dict[UUID, list[Target]] = defaultdict(list)
    channels = PostChannel.objects.filter(post__in=idents).order_by("post", "position", "pk")
    for row in channels.values_list("post_id", "channel_id", "channel__kind", "channel__name"):
        targets[row[0]].append(Target(str(row[1]), row[2], row[3]))
    words: dict[UUID, set[str]] = defaultdict(set)
    for post_id, name in PostLabel.objects.filter(post__in=idents).values_list("post_id", "label__name"):
        words[post_id].add(name)
    writers = _writers(posts)
    return {
        post.pk: SubmissionFacts(
            networks=frozenset(target.network for target in targets[post.pk]),
            labels=frozenset(words[post.pk]),
            campaign_id=post.campaign_id,
            language=post.language,
            rating=post.rating,
            risk=post.risk,
            authors=frozenset(writers[post.pk]),
            targets=tuple(targets[post.pk]),
        )
        for post in posts
    }


def facts_in(content: Content, rendered: RenderedRevision, post: Post | None, by: Actor) -> SubmissionFacts:
    """Return the facts of a document that is being written."""
    rows = Label.objects.filter(pk__in=content.labels) if content.labels else Label.objects.none()
    channels = [each.channel for each in rendered.variants]
    own = {ident for ident in (by.member_id, by.on_behalf_of) if ident is not None}
    return SubmissionFacts(
        networks=frozenset(channel.kind for channel in channels),
        labels=frozenset(rows.values_list("name", flat=True)) if content.labels else frozenset(),
        campaign_id=UUID(content.campaign) if content.campaign else None,
        language=content.language,
        rating=content.rating,
        risk=content.risk,
        authors=frozenset(own | (writers_of(post) if post else set())),
        targets=tuple(Target(str(channel.pk), channel.kind, channel.name) for channel in channels),
    )


def recent_posts(by: Actor, since: datetime) -> Sequence[Past]:
    """Return the posts of a time that the actor may see, latest first, with what routing looks at."""
    rows = posts_visible_to(by).exclude(current_revision=None)
    rows = rows.annotate(moment=Coalesce("scheduled_at", "created_at")).filter(moment__gte=since)
    posts = list(rows.order_by("-moment", "-pk")[:MOST_RECENT])
    facts = facts_of_posts(posts)
    return [Past(str(post), post.moment, facts[post.pk]) for post in posts]


def options() -> dict[str, Callable[[Actor], Sequence[Option]]]:
    """Return who says what each kind of route can name."""
    return {
        "networks": _networks,
        "channels": _channels,
        "labels": lambda _by: [Option(row.name, row.name) for row in labels()[:MOST_OPTIONS]],
        "campaigns": lambda _by: [
            Option(str(row.pk), row.name)
            for row in Campaign.objects.filter(is_archived=False).order_by("-ends_on", "pk")[:MOST_OPTIONS]
        ],
        "languages": lambda _by: _fixed(LANGUAGES),
        "ratings": lambda _by: _fixed(RATINGS),
        "risks": lambda _by: _fixed(RISKS),
    }


def _networks(by: Actor) -> list[Option]:
    kinds = dict.fromkeys(channel.kind for channel in _shown(by))
    return [Option(kind, network_name(kind)) for kind in kinds]


def _channels(by: Actor) -> list[Option]:
    shown = _shown(by)
    return [Option(str(ident), name) for ident, name in told_apart(shown).items()]


def _shown(by: Actor) -> list[Channel]:
    rows = Channel.objects.exclude(status="disconnected").exclude(pk__in=hidden_channel_ids(by))
    return list(rows.order_by("position", "id")[:MOST_OPTIONS])


def _fixed(choices: Iterable[tuple[str, object]]) -> list[Option]:
    return [Option(value, str(label)) for value, label in choices]


def _writers(posts: Sequence[Post]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for post in posts:
        if post.author_id:
            found[post.pk].add(post.author_id)
    rows = Revision.objects.filter(post__in=[post.pk for post in posts])
    for post_id, *people in rows.values_list("post_id", "created_by_id", "on_behalf_of").distinct():
        found[post_id].update(ident for ident in people if ident is not None)
    return found
