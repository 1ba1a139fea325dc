"""Furnishes the crawl's world with one of each thing that no address names."""

from typing import Any

from approvals.models import Amendment, RequestStep, Rung
from calendar_app.models import Feed, FeedEvent, KeyDate, Label, Post, PostLabel, WorkingCopy
from comments.models import Attachment, Comment, Mention
from core.clock import now
from core.ids import uuid7
from files.models import Media
from networks.models import Channel
from networks.services.grants import set_grant
from networks.states import GrantLevel
from publishing.models import Attempt, Delivery
from teams.models import Duty, DutyScope, Guest, Moderator, TimeOut
from teams.states import RoleKey
from tests.rules.subjects import value_of
from tests.rules.world import Side


def furnish_rest(side: Side) -> None:
    """Add what no address of the crawl names."""
    post = Post.objects.get(pk=value_of(side, "calendar_app:post", "post"))
    viewer, owner = side.members[RoleKey.VIEWER], side.owner
    label = Label(name="Menu")
    rows: list[Any] = [
        label,
        KeyDate(on_date=now().date(), name="Nuzul"),
        Guest(name="Dev Kumar", email="dev@client.test"),
        WorkingCopy(post=None, member=owner, content={"text": "begun"}),
        PostLabel(post=post, label=label),
        FeedEvent(feed=Feed.objects.earliest("pk"), post_id=post.pk, starts_at=now(), mark="0" * 64),
        Mention(comment=Comment.objects.earliest("pk"), member=viewer),
        Attempt(
            delivery=Delivery.objects.earliest("pk"),
            number=1,
            lease_token=uuid7(),
            intent_at=now(),
            fingerprint="0" * 64,
            worker="w",
            actor_kind="system",
        ),
    ]
    step = RequestStep.objects.select_related("request").earliest("pk")
    rows.append(Amendment(request=step.request, request_step=step, kind="skip", member=viewer, reason="late"))
    rows.append(Rung(request_step=step, kind="halfway", due_at=now()))
    waiting = step.request
    rows.append(TimeOut(member=viewer, subject_type="approvals.request", subject_id=waiting.pk, verbs=["x"]))
    rows.append(DutyScope(duty=Duty.objects.earliest("pk"), type="networks.kind", key="mastodon"))
    rows.append(Moderator(channel_id=Channel.objects.earliest("pk").pk, member=viewer))
    for row in rows:
        row.save()
    picture = Media.objects.earliest("pk")
    Attachment(comment=Comment.objects.earliest("pk"), media=picture).save()
    channel = Channel.objects.exclude(kind="newsroom").earliest("pk")
    set_grant(channel=channel, holder=viewer, level=GrantLevel.SEE, by=side.by)
