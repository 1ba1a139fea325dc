"""Where posts and campaigns lie: what a backup of one channel, network or campaign reaches."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from calendar_app.briefs import BRIEF, Brief
from calendar_app.models import Campaign, Post, PostChannel
from teams.places import ids_in
from teams.scopes import CAMPAIGN, CHANNEL, NETWORK

POST = "calendar_app.post"


def places_of_post(post: Post) -> Sequence[frozenset[str]]:
    """Return the scopes of a post: itself, its campaign, all its channels, all their networks."""
    rows = list(PostChannel.objects.filter(post=post).values_list("channel_id", "channel__kind"))
    return (
        frozenset({f"{POST}:{post.pk}"}),
        frozenset({f"{CAMPAIGN}:{post.campaign_id}"} if post.campaign_id else ()),
        frozenset(f"{CHANNEL}:{channel}" for channel, _ in rows),
        frozenset(f"{NETWORK}:{kind}" for _, kind in rows),
    )


def posts_within(scopes: frozenset[str]) -> Q:
    """Return the condition on posts that lie within scopes: with all their channels, or by their campaign."""
    channels = PostChannel.objects.filter(post=OuterRef("pk")).order_by()
    others = channels.exclude(channel__in=[UUID(pk) for pk in ids_in(scopes, CHANNEL)])
    elsewhere = channels.exclude(channel__kind__in=ids_in(scopes, NETWORK))
    on_all = Q(Exists(channels)) & (~Q(Exists(others)) | ~Q(Exists(elsewhere)))
    return Q(pk__in=ids_in(scopes, POST)) | Q(campaign__in=ids_in(scopes, CAMPAIGN)) | on_all


def places_of_campaign(campaign: Campaign) -> Sequence[frozenset[str]]:
    """Return the scope of a campaign: itself."""
    return (frozenset({f"{CAMPAIGN}:{campaign.pk}"}),)


def campaigns_within(scopes: frozenset[str]) -> Q:
    """Return the condition on campaigns that scopes name."""
    return Q(pk__in=ids_in(scopes, CAMPAIGN))


def places_of_brief(brief: Brief) -> Sequence[frozenset[str]]:
    """Return the scopes of a brief: itself, and its campaign."""
    return (frozenset({f"{BRIEF}:{brief.pk}"}), frozenset({f"{CAMPAIGN}:{brief.campaign_id}"}))


def briefs_within(scopes: frozenset[str]) -> Q:
    """Return the condition on briefs that scopes name, or whose campaign they name."""
    return Q(pk__in=ids_in(scopes, BRIEF)) | Q(campaign__in=ids_in(scopes, CAMPAIGN))
