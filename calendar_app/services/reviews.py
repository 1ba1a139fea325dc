"""Posts under review: submitted, withdrawn, and moved as their requests move."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from approvals.changing import undecidable
from approvals.models import Request, Workflow
from approvals.registry import Description, Standing
from approvals.selectors import request_of, request_rows, workflow_chosen
from approvals.services.requests import asks_no_approval, submit_request, withdraw_request
from approvals.states import RequestState
from calendar_app.content import Content
from calendar_app.models import Post, Revision, RevisionVariant
from calendar_app.permissions import SUBMIT, acting_as, hidden_channel_ids, require_channels
from calendar_app.ports import dispatcher
from calendar_app.rendering import hash_entries, render_revision
from calendar_app.routing import facts_of
from calendar_app.selectors import (
    content_of,
    get_post,
    kinds_of,
    names_of_channels,
    posts_visible_to,
    ref_of,
    variants_of,
    writers_of,
)
from calendar_app.services.guards import lock_post, require_cleared
from calendar_app.services.planning import plan_if_timed
from calendar_app.services.revisions import write_revision
from calendar_app.states import POST_STEPS, SUBMITTABLE, PostState
from core.clock import now
from core.errors import Invalid, WrongState
from core.record import record
from core.refs import Ref
from core.transitions import target_of, transition
from teams.actors import Actor

S = PostState
_FOLLOWS = {
    RequestState.CHANGES_REQUESTED: "request_changes",
    RequestState.REJECTED: "reject",
    RequestState.WITHDRAWN: "withdraw",
    RequestState.STALE: "outdate",
    RequestState.APPROVED: "approve",
}


def submit_post(
    *,
    post: Post,
    workflow: Workflow | None = None,
    note: str = "",
    expected_number: int | None = None,
    by: Actor,
) -> Post:
    """Put the revision that stands up for approval; where the workspace asks for none, it is approved at once.

    Renders again first: what changed since the save (media ready by now, other limits) makes a new revision, so
    that exactly what is approved is what will be sent.
    Raises: NotAllowed; Stale; Invalid `not_ready` with the problems that a network would refuse; WrongState.
    Records: calendar_app.post.submitted.
    """
    by = acting_as(by, SUBMIT, post)
    lock_post(post, expected_number)
    if post.state not in SUBMITTABLE:
        raise WrongState(_("This post is “%(state)s” already.") % {"state": PostState(post.state).label})
    require_channels(by, [variant.channel for variant in _variants(post)])
    _render_again(post, by)
    _require_ready(post)
    revision = post.current_revision
    assert revision is not None  # a saved post has one
    submit_request(
        subject=ref_of(post),
        revision_id=revision.pk,
        revision_number=revision.number,
        content_hash=revision.content_hash,
        author_ids=writers_of(post),
        facts=facts_of(post),
        workflow=workflow,
        note=note,
        by=by,
    )
    post.refresh_from_db(fields=["state"])
    if post.given_by_id is not None:  # what was given is done; should it come back, its review says so
        post.given_by = None
        post.save(update_fields=["given_by"])
    record("calendar_app.post.submitted", by=by, subject=ref_of(post), revision=post.version)
    return post


def put_up_again(*, post: Post, amends: Request, by: Actor) -> None:
    """Put a post that an approver has changed in review up again; what was decided before stands as the workflow says.

    Where approval was switched off meanwhile it stays a draft.
    Raises: Invalid `not_ready`; WrongState where nobody but those who made it would be left to decide.
    Records: approvals.request.submitted.
    """
    revision = post.current_revision
    if revision is None or asks_no_approval(post.workspace_id):
        return
    _require_ready(post)
    made = submit_request(
        subject=ref_of(post),
        revision_id=revision.pk,
        revision_number=revision.number,
        content_hash=revision.content_hash,
        author_ids=writers_of(post),
        facts=facts_of(post),
        workflow=workflow_chosen(amends),
        note=amends.note,
        amends=amends,
        by=by,
    )
    post.refresh_from_db(fields=["state"])
    left = undecidable(request_rows().get(pk=made.pk)) if made else None
    if left is not None:
        raise WrongState(
            _(
                "After your change nobody would be left to decide in “%(step)s”. Suggest the words, or ask for changes."
            )
            % {"step": left.name}
        )


def withdraw_post(*, post: Post, by: Actor) -> Post:
    """Take a post back from review, or its approval back; it is a draft again. Raises: NotAllowed; WrongState."""
    request = request_of(ref_of(post))
    if request is None or request.state not in (RequestState.OPEN, RequestState.APPROVED):
        raise WrongState(_("This post is not in review."))
    withdraw_request(request=request, by=by)
    post.refresh_from_db()
    return post


def on_request_state(ref: Ref, state: str, *, request: Request | None, by: Actor) -> None:
    """Move a post as its request moved; approved with its time ahead, it is scheduled in the same transaction.

    Records: calendar_app.post.followed_request.
    """
    post = Post.objects.select_related("current_revision", "workspace").get(pk=ref.id)
    lock_post(post)
    _follow_request(post, state, by)
    post.save(update_fields=["updated_at"])
    record("calendar_app.post.followed_request", by=by, subject=ref, state=post.state)
    if state == RequestState.APPROVED:
        plan_if_timed(post, require_cleared(post), by)


def describe_posts(by: Actor, idents: Sequence[UUID]) -> Mapping[UUID, Description]:
    """Return what an approval queue shows of posts, in a fixed number of queries."""
    rows = posts_visible_to(by).filter(pk__in=list(idents)).select_related("author__user", "campaign")
    posts = list(rows)
    kinds = kinds_of([post.pk for post in posts], hidden_channel_ids(by))
    return {
        post.pk: Description(
            title=str(post),
            author=post.author.user.name if post.author else "",
            goes_out_at=post.scheduled_at,
            networks=tuple(kinds.get(post.pk, ())),
            tag=post.campaign.name if post.campaign else "",
            tag_key=str(post.campaign_id or ""),
        )
        for post in posts
    }


def texts_of(by: Actor, ref: Ref, revision_id: UUID) -> Mapping[str, str]:
    """Return a revision's texts by the name of the channel, for comparing, without the channels hidden from `by`."""
    names = names_of_channels(by, [ref.id]).get(ref.id, {})
    rows = RevisionVariant.objects.filter(
        revision=revision_id, revision__post=ref.id, channel__in=list(names)
    )
    return {names[row.channel_id]: row.text for row in rows.order_by("position", "pk")}


def submit_by_ref(by: Actor, ref: Ref) -> Post:
    """Put a post up for approval as it stands. Raises: NotFound; as submit_post."""
    return submit_post(post=get_post(by, ref.id, SUBMIT), by=by)


def standing_of(ref: Ref) -> Standing | None:
    """Return which revision of a post stands, and who made it."""
    post = Post.objects.select_related("current_revision").filter(pk=ref.id).first()
    revision = post.current_revision if post else None
    if post is None or revision is None:
        return None
    return Standing(revision.pk, revision.number, revision.content_hash, writers_of(post))


def parts_of(ref: Ref, revision_id: UUID) -> Mapping[str, str]:
    """Return a hash of what a revision sends to each channel."""
    rows = RevisionVariant.objects.filter(revision=revision_id, revision__post=ref.id)
    return {str(row.channel_id): hash_entries([{"payload": row.payload}]) for row in rows}


def hash_of(ref: Ref, revision_id: UUID) -> str:
    """Compute the hash of a revision anew from its stored payloads, as before each call that publishes."""
    rows = RevisionVariant.objects.filter(revision=revision_id, revision__post=ref.id).select_related(
        "channel"
    )
    entries = [
        {"channel": str(row.channel_id), "kind": row.channel.kind, "payload": row.payload} for row in rows
    ]
    return hash_entries(sorted(entries, key=lambda entry: str(entry["channel"])))


def slot_of(ref: Ref) -> datetime | None:
    """Return when a post is planned to go out."""
    return Post.objects.filter(pk=ref.id).values_list("scheduled_at", flat=True).first()


def lock_subject(ref: Ref) -> None:
    """Lock a post before its request is, in the order that edits take."""
    Post.objects.select_for_update(of=("self",)).filter(pk=ref.id).first()


def _follow_request(post: Post, state: str, by: Actor) -> None:
    post.updated_at = now()
    if state == RequestState.OPEN:
        _reopen(post, by)
        return
    verb = _FOLLOWS[RequestState(state)]
    if state == RequestState.STALE and target_of(POST_STEPS, post.state, verb) is None:
        return
    if post.state == S.SCHEDULED:
        dispatcher.impl.withdrawn(post, "edited" if state == RequestState.STALE else "withdrawn", by)
    transition(post, POST_STEPS, verb)


def _reopen(post: Post, by: Actor) -> None:
    if post.state == S.IN_REVIEW:
        return
    if post.state == S.SCHEDULED:
        dispatcher.impl.withdrawn(post, "reopened", by)
    transition(post, POST_STEPS, "submit" if post.state in SUBMITTABLE else "reopen")


def _render_again(post: Post, by: Actor) -> None:
    content: Content = content_of(post)
    revision = post.current_revision
    if revision is not None and _same_problems(revision, content):
        return
    write_revision(post=post, content=content, base_number=post.version, reason="render", by=by)
    post.save()


def _same_problems(revision: Revision, content: Content) -> bool:
    """Tell whether rendering again gives what stands: the same payloads and the same findings."""
    fresh = render_revision(content)
    if fresh.content_hash != revision.content_hash:
        return False
    stored = [[problem["code"] for problem in variant.problems] for variant in variants_of(revision)]
    return stored == [[problem.code for problem in variant.problems] for variant in fresh.variants]


def _require_ready(post: Post) -> None:
    variants = _variants(post)
    if not variants:
        message = _("Choose at least one channel.")
        raise Invalid(message, fields={"variants": [message]}, code="not_ready")
    fields = {
        f"variants.{index}": [problem["message"] for problem in variant.problems if problem["blocking"]]
        for index, variant in enumerate(variants)
    }
    fields = {name: found for name, found in fields.items() if found}
    if fields:
        first = next(iter(fields.values()))[0]
        message = _("Not ready to submit: %(first)s") % {"first": first}
        raise Invalid(message, fields=fields, code="not_ready")


def _variants(post: Post) -> list[RevisionVariant]:
    return variants_of(post.current_revision) if post.current_revision else []
