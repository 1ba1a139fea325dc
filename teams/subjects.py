"""Subjects: how the lower floors name, link and guard things that live higher up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.errors import NotFound
from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of thing that comments, approvals, notices and activity can be about.

    `load(actor, id)` returns the thing where the actor may see it and raises NotFound otherwise;
    `label(thing)` is its name for people; `path(slug, id)` its page. `labels(actor, ids)` names many at once, of
    those that the actor may see; lists that show subjects of all kinds use it. `rows(actor)` are those that he may
    see, for questions that ask about many at once; `is_alike(actor)` tells whether these are the same question for all
    with the actor's rights, which names nothing of his own, so that it can be kept (`core.written`).
    """

    type: str
    load: Callable[[Actor, Any], Any]
    label: Callable[[Any], str]
    path: Callable[[str, Any], str]
    labels: Callable[[Actor, Iterable[UUID]], Mapping[UUID, str]] | None = None
    rows: "Callable[[Actor], QuerySet[Any]] | None" = None
    is_alike: Callable[[Actor], bool] | None = None


subjects: Registry[Subject] = Registry("teams.subjects")


def register_subject(subject: Subject) -> None:
    """Add a kind of subject, at start."""
    subjects.register(subject.type, subject)


def load_subject(actor: Actor, ref: Ref) -> Any:
    """Return the thing behind a reference where the actor may see it. Raises: NotFound."""
    kind = subjects.find(ref.type)
    if kind is None:
        raise NotFound(f"There is no such kind of thing: {ref.type}")
    return kind.load(actor, ref.id)


def seen_subjects(actor: Actor, prefix: str = "") -> Q:
    """Return the condition on rows that point at a subject which the actor may see; other kinds are left out.

    `prefix` leads to `subject_type` and `subject_id` from the row that is asked about.
    """
    found = Q(pk__in=[])
    for kind in subjects.values():
        if kind.rows is not None:
            own = kind.rows(actor).filter(pk=OuterRef(f"{prefix}subject_id")).order_by()
            found |= Q(Exists(own), **{f"{prefix}subject_type": kind.type})
    return found


def sees_alike(actor: Actor) -> bool:
    """Tell whether `seen_subjects` is the same question for all who have the actor's rights."""
    if actor.limits or actor.bounds is not None:
        return False
    asked = [kind for kind in subjects.values() if kind.rows is not None]
    return all(kind.is_alike is not None and kind.is_alike(actor) for kind in asked)
