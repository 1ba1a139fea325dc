"""What can be put up for approval: upper apps register how each kind is named, shown and moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.http import HttpRequest

from approvals.models import Request
from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor


class OnState(Protocol):
    """Follows a request: called inside the transaction that moved it.

    `state` is one of approvals.states.RequestState; `request` is None where the workspace's policy approved.
    May raise a core error, which undoes the move too.
    """

    def __call__(self, ref: Ref, state: str, *, request: Request | None, by: Actor) -> None: ...


@dataclass(frozen=True, slots=True)
class Description:
    """What a queue shows of a subject."""

    title: str
    author: str = ""
    goes_out_at: datetime | None = None
    networks: tuple[str, ...] = ()
    tag: str = ""
    tag_key: str = ""


@dataclass(frozen=True, slots=True)
class Approvable:
    """A kind of subject that can be put up for approval.

    `describe(actor, ids)` answers for those the actor may see only, in a fixed number of queries;
    `preview(request, ref, revision_id)` is the HTML of the thing as it will look;
    `texts(actor, ref, revision_id)` its texts by the name of the variant, for comparing two revisions, without the
    variants that the actor may not see;
    `lock(ref)` locks its row until the commit, so that a decision and an edit, which locks it first too, never
    wait for each other in a circle.
    Its page and its name come from teams.subjects.
    """

    type: str
    on_state: OnState
    describe: Callable[[Actor, Sequence[UUID]], Mapping[UUID, Description]]
    preview: Callable[[HttpRequest, Ref, UUID], str]
    texts: Callable[[Actor, Ref, UUID], Mapping[str, str]]
    lock: Callable[[Ref], None] | None = None


approvables: Registry[Approvable] = Registry("approvals.registry")


def register_approvable(approvable: Approvable) -> None:
    """Add a kind of subject, at start."""
    approvables.register(approvable.type, approvable)
