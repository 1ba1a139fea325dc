"""Cleared posts with their deliveries, written the short way: for tests that begin where the calendar ends."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from approvals.models import Clearance
from calendar_app.models import Post, PostChannel, Revision, RevisionVariant
from calendar_app.rendering import hash_entries
from calendar_app.times import moment_of
from core.clock import now
from core.ids import uuid7
from networks.models import Channel
from publishing.models import Delivery
from publishing.services.planning import PublishingDispatcher
from teams.actors import Actor
from teams.models import Workspace


def allow_policy(workspace: Workspace) -> None:
    """Let the workspace publish without approval."""
    workspace.settings = {**workspace.settings, "approval": "off"}
    Workspace.objects.filter(pk=workspace.pk).update(settings=workspace.settings)


def fake_channel(workspace: Workspace, capability: str, url: str, **fields: Any) -> Channel:
    """Connect a channel of a fake network; the workspace must be in scope."""
    channel = Channel(
        workspace=workspace,
        kind=f"fake_{capability.lower()}",
        name=f"Fake {capability}",
        handle="fake",
        remote_account_id=str(uuid7()),
        capability=capability,
        facts={"url": url},
        last_success_at=now(),
        **fields,
    )
    channel.save()
    return channel


def plan(
    workspace: Workspace,
    channels: Sequence[Channel],
    text: str,
    *,
    at: datetime | None = None,
    payload: dict[str, Any] | None = None,
    by: Actor | None = None,
) -> Post:
    """Write a scheduled post with one revision, its clearance and, through the dispatcher port, its deliveries."""
    return next(plan_many(workspace, channels, [text], at=at, payload=payload, by=by))


def plan_many(
    workspace: Workspace,
    channels: Sequence[Channel],
    texts: Iterable[str],
    *,
    at: datetime | None = None,
    payload: dict[str, Any] | None = None,
    by: Actor | None = None,
) -> Iterable[Post]:
    """Write many scheduled posts; yields each. Due a second ago unless told otherwise."""
    actor = by or Actor.system(workspace.pk)
    moment = moment_of(at or now() - timedelta(seconds=1), workspace.timezone)
    for text in texts:
        post, revision = _write(workspace, channels, payload or {"text": text, "media": []}, moment, text)
        clearance = Clearance(
            workspace_id=workspace.pk,
            subject_type="calendar_app.post",
            subject_id=post.pk,
            revision_id=revision.pk,
            content_hash=revision.content_hash,
            source="policy",
        )
        clearance.save(force_insert=True)
        PublishingDispatcher().planned(post, revision, clearance, actor)
        yield post


def delivery_of(post: Post, channel: Channel | None = None) -> Delivery:
    """Return a post's latest delivery."""
    rows = Delivery.objects.filter(post=post).order_by("-occurrence_no")
    found = rows.filter(channel=channel).first() if channel else rows.first()
    assert found is not None
    return found


def _write(
    workspace: Workspace, channels: Sequence[Channel], payload: dict[str, Any], moment: Any, text: str
) -> tuple[Post, Revision]:
    ordered = sorted(channels, key=lambda channel: str(channel.pk))
    entries = [{"channel": str(c.pk), "kind": c.kind, "payload": payload} for c in ordered]
    post = Post(
        workspace=workspace,
        title=text[:200],
        headline=text[:100],
        state="scheduled",
        scheduled_at=moment.instant,
        wall_time=moment.wall,
        zone=moment.zone,
        fold=moment.fold,
        version=1,
    )
    post.save(force_insert=True)
    revision = Revision(
        workspace=workspace, post=post, number=1, content_hash=hash_entries(entries), actor_kind="system"
    )
    revision.save(force_insert=True)
    RevisionVariant.objects.bulk_create(
        RevisionVariant(
            workspace=workspace,
            revision=revision,
            channel=channel,
            position=index,
            text=text,
            payload=payload,
            length=len(text),
        )
        for index, channel in enumerate(channels)
    )
    PostChannel.objects.bulk_create(
        PostChannel(workspace=workspace, post=post, channel=channel, position=index)
        for index, channel in enumerate(channels)
    )
    Post.objects.filter(pk=post.pk).update(current_revision=revision)
    post.current_revision = revision
    return post, revision
