"""What can be put up for approval: upper apps register how each kind is named, shown and moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest

from approvals.models import Request
from approvals.pictures import Pictures
from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor

if TYPE_CHECKING:
    from approvals.paths import SubmissionFacts


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
class Option:
    """A value that a route can name, with its word."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Past:
    """Something that was planned or submitted lately, with what routing looks at."""

    title: str
    at: datetime
    facts: "SubmissionFacts"


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a subject stands now, and who made it."""

    revision_id: UUID
    revision_number: int
    content_hash: str
    author_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a queue is narrowed to; empty means everything."""

    networks: tuple[str, ...] = ()
    campaigns: tuple[UUID, ...] = ()
    labels: tuple[UUID, ...] = ()
    authors: tuple[UUID, ...] = ()

    @property
    def is_narrow(self) -> bool:
        """Tell whether anything is asked for."""
        return any((self.networks, self.campaigns, self.labels, self.authors))


@dataclass(frozen=True, slots=True)
class Contents:
    """What a revision holds: its texts and its pictures by the name of the variant."""

    texts: Mapping[str, str]
    pictures: Pictures


@dataclass(frozen=True, slots=True)
class Approvable:
    """A kind of subject that can be put up for approval.

    `describe(actor, ids)` answers for those the actor may see only, in a fixed number of queries;
    `preview(request, ref, revision_id)` is the HTML of the thing as it will look;
    `texts(actor, ref, revision_id)` its texts by the name of the variant, for comparing two revisions, without the
    variants that the actor may not see;
    `pictures(actor, ref, revision_id)` its pictures in the same way, with what that revision says of each;
    `contents(actor, pairs)` both for many refs and revisions, by the id of the revision, in a fixed number of queries;
    `recent(actor, since)` what the actor may see of a time, latest first and bounded, so that a workflow can be tried
    on it;
    `lock(ref)` locks its row until the commit, so that a decision and an edit, which locks it first too, never
    wait for each other in a circle.
    `submit(actor, ref)` puts what stands up for approval, by the subject's own rules; `standing(ref)` says what stands.
    `parts(ref, revision_id)` is a hash of what each channel gets, so that a step is not asked again for what has not
    changed.
    `hash_of(ref, revision_id)` computes a revision's hash anew from what is kept of it.
    `goes_out_at(ref)` is when it goes out, so that people are asked and warned before that time is lost; `slot` the
    same as an expression over a row with `subject_id`, so that queues are ordered by it.
    `narrow(actor, wanted)` are the subjects, among those that the actor may see, that a queue is narrowed to.
    `edit_path(slug, id)` is the page on which it is changed.
    Its page and its name come from teams.subjects.
    """

    type: str
    on_state: OnState
    describe: Callable[[Actor, Sequence[UUID]], Mapping[UUID, Description]]
    preview: Callable[[HttpRequest, Ref, UUID], str]
    texts: Callable[[Actor, Ref, UUID], Mapping[str, str]]
    pictures: Callable[[Actor, Ref, UUID], Pictures] | None = None
    lock: Callable[[Ref], None] | None = None
    recent: Callable[[Actor, datetime], Sequence[Past]] | None = None
    submit: Callable[[Actor, Ref], object] | None = None
    standing: Callable[[Ref], Standing | None] | None = None
    parts: Callable[[Ref, UUID], Mapping[str, str]] | None = None
    goes_out_at: Callable[[Ref], datetime | None] | None = None
    hash_of: Callable[[Ref, UUID], str] | None = None
    slot: Callable[[], Combinable] | None = None
    narrow: Callable[[Actor, Narrowing], QuerySet[Any]] | None = None
    contents: Callable[[Actor, Sequence[tuple[Ref, UUID]]], Mapping[UUID, Contents]] | None = None
    edit_path: Callable[[str, UUID], str] | None = None


approvables: Registry[Approvable] = Registry("approvals.registry")

route_options: Registry[Callable[[Actor], Sequence[Option]]] = Registry("approvals.registry.route_options")
"""What routes can name, by the kind of route (`approvals.paths.ROUTES`), and `channels` for per-channel defaults."""

queue_choices: Registry[Callable[[Actor, Sequence[str]], "QuerySet[Any, Any]"]] = Registry(
    "approvals.registry.queue_choices"
)
"""What queues can be narrowed by, `network`, `campaign` and `label`: rows of `ident` and `words`, the chosen first."""


def register_approvable(approvable: Approvable) -> None:
    """Add a kind of subject, at start."""
    approvables.register(approvable.type, approvable)


def live_refs() -> str:
    """Return what a page that lists all that is judged listens to, as `data-live-ref` has it."""
    return " ".join(f"{kind.type}:*" for kind in approvables.values())
