"""What became of each post: steps that people and the engine took, each as of its own time.

A story yields the instant of its next step; `play` takes the steps of all stories in the order of their instants,
so that the record reads as it came about.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from approvals.selectors import request_of
from approvals.services.clearances import revoke_clearance
from approvals.services.decisions import decide
from approvals.states import Verdict
from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.selectors import ref_of
from calendar_app.services.moves import move_post
from calendar_app.services.planning import expire_due
from calendar_app.services.posts import create_post, save_post
from calendar_app.services.reviews import submit_post
from calendar_app.states import PostState
from collab.demo.content import PostSeed
from collab.demo.ledger import carry
from collab.demo.stage import Stage
from comments.services import add_comment
from core.clock import as_of
from networks.protocol import Outcome, OutcomeKind
from publishing.models import Delivery

S = PostState
Story = Iterator[datetime]

SENT = {S.PUBLISHED, S.PARTLY_PUBLISHED, S.NEEDS_ATTENTION, S.FAILED}
OVER = SENT | {S.EXPIRED, S.CANCELLED}
UNDECIDED = {S.DRAFT, S.EXPIRED, S.IN_REVIEW}
KEPT_BACK = timedelta(minutes=90)
KEPT_AHEAD = timedelta(hours=2)
REFUSALS = {
    "tiktok": "This account takes videos only; the post has none.",
    "youtube": "The upload was refused: the post has no video.",
}


def play(stories: Iterable[Story]) -> None:
    """Take the steps of all stories in the order of their instants."""
    waiting: list[tuple[datetime, int, Story]] = []
    for number, story in enumerate(stories):
        heapq.heappush(waiting, (next(story), number, story))
    while waiting:
        instant, number, story = heapq.heappop(waiting)
        with as_of(instant):
            following = next(story, None)
        if following is not None:
            heapq.heappush(waiting, (following, number, story))


@dataclass(frozen=True, slots=True)
class Times:
    """When a post is planned for (None: an idea) and when it was written, submitted, sent back and decided."""

    planned: datetime | None
    written: datetime
    submitted: datetime
    returned: datetime
    mended: datetime
    decided: datetime


def times_of(stage: Stage, seed: PostSeed, index: int) -> Times:
    """Lay a post's steps out on the days before the loading, in working hours."""
    ready = min(seed.day - 3, -1) - index % 3
    minute = index * 17 % 60

    def at(days_before: int, hour: int) -> datetime:
        return stage.at(ready - days_before, time(hour, minute))

    return Times(_planned(stage, seed), at(2, 10), at(1, 11), at(1, 15), at(0, 9), at(0, 14))


def story_of(stage: Stage, seed: PostSeed, index: int) -> Story:
    """Tell a post's story from its first words to the state in which it stands."""
    times = times_of(stage, seed, index)
    yield times.written
    ident = _write(stage, seed, times).pk
    for number, (who, text) in enumerate(seed.remarks):
        yield times.written + timedelta(minutes=20 * (number + 1))
        add_comment(subject=ref_of(_post(ident)), body=text, by=stage.people[who])
    if seed.state != S.DRAFT:
        yield from _review(stage, seed, times, ident)
    if seed.state == S.EXPIRED and times.planned:
        yield times.planned + timedelta(seconds=5)
        expire_due()
    if seed.state == S.APPROVED and times.planned:
        yield times.decided + timedelta(hours=1)
        move_post(post=_post(ident), scheduled_at=times.planned, by=stage.writer)
    if seed.state == S.CANCELLED and times.planned:
        yield times.planned - timedelta(hours=3)
        revoke_clearance(subject=ref_of(_post(ident)), reason="called_off", by=stage.approver or stage.owner)
    if seed.state in SENT | {S.CANCELLED} and times.planned:
        yield from _send(stage, seed, times.planned, ident)


def _planned(stage: Stage, seed: PostSeed) -> datetime | None:
    """Return the planned instant; what is over lies behind the loading and what is ahead lies before it."""
    if seed.minutes:
        return (stage.start + timedelta(minutes=seed.minutes)).replace(microsecond=0)
    if not seed.time:
        return None
    instant = stage.at(seed.day, time.fromisoformat(seed.time))
    if seed.state in OVER:
        return min(instant, (stage.start - KEPT_BACK).replace(second=0, microsecond=0))
    if seed.day >= 0:
        return max(instant, (stage.start + KEPT_AHEAD).replace(minute=0, second=0, microsecond=0))
    return instant


def _write(stage: Stage, seed: PostSeed, times: Times) -> Post:
    campaign = stage.campaigns.get(seed.campaign)
    return create_post(
        workspace=stage.workspace,
        title=seed.title,
        text=seed.was or seed.text,
        media=[stage.media[seed.picture]] if seed.picture else [],
        variants=[VariantInput(stage.channels[mark].pk) for mark in seed.marks],
        scheduled_at=None if seed.state == S.APPROVED else times.planned,
        campaign=campaign.pk if campaign else None,
        labels=[stage.labels[seed.label].pk] if seed.label else [],
        language=seed.language,
        by=stage.people[seed.author],
    )


def _review(stage: Stage, seed: PostSeed, times: Times, ident: UUID) -> Story:
    author = stage.people[seed.author]
    if seed.state == S.EXPIRED:
        return
    yield times.submitted
    submit_post(post=_post(ident), by=author)
    if seed.was:
        yield times.returned
        _decide(stage, ident, Verdict.REQUEST_CHANGES, seed.note)
        yield times.mended
        post = _post(ident)
        save_post(post=post, expected_number=post.version, text=seed.text, by=author)
        submit_post(post=_post(ident), by=author)
    if seed.state in UNDECIDED or stage.approver is None:
        return
    yield times.decided
    if seed.state == S.CHANGES_REQUESTED:
        _decide(stage, ident, Verdict.REQUEST_CHANGES, seed.note)
    elif seed.state == S.REJECTED:
        _decide(stage, ident, Verdict.REJECT, seed.note)
    else:
        _decide(stage, ident, Verdict.APPROVE, "")


def _decide(stage: Stage, ident: UUID, verdict: Verdict, note: str) -> None:
    request = request_of(ref_of(_post(ident)))
    assert request is not None  # the story has just submitted it
    assert stage.approver is not None  # a workspace without one asks for no approval
    decide(request=request, verdict=verdict, revision_id=request.revision_id, note=note, by=stage.approver)


def _send(stage: Stage, seed: PostSeed, planned: datetime, ident: UUID) -> Story:
    rows = Delivery.objects.filter(post=ident).select_related("channel", "post__workspace")
    for number, row in enumerate(rows.order_by("channel__position", "pk")):
        yield planned + timedelta(seconds=1, milliseconds=400 * number)
        carry(row, _answer(seed, row, number))


def _answer(seed: PostSeed, delivery: Delivery, number: int) -> Outcome | None:
    """Return what the network answered; None for the newsroom, which speaks for itself."""
    channel = delivery.channel
    if channel.kind == "newsroom":
        return None
    refusal = REFUSALS.get(channel.kind)
    if seed.state in (S.PARTLY_PUBLISHED, S.FAILED) and refusal:
        return Outcome(OutcomeKind.REJECTED, http_status=422, reason=refusal)
    if seed.state == S.NEEDS_ATTENTION and number:
        return Outcome(OutcomeKind.UNKNOWN, http_status=504)
    ident = delivery.pk.hex[-12:]
    url = f"https://{channel.kind}.example/{channel.handle.strip('@')}/{ident}"
    return Outcome(OutcomeKind.ACCEPTED, remote_id=ident, remote_url=url, http_status=200)


def _post(ident: UUID) -> Post:
    return Post.objects.select_related("workspace", "current_revision", "author").get(pk=ident)
