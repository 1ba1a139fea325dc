"""Subjects: how the lower floors name, link and guard things that live higher up."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.errors import NotFound
from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of thing that comments, approvals, notices and activity can be about.

    `load(actor, id)` returns the thing where the actor may see it and raises NotFound otherwise;
    `label(thing)` is its name for people; `path(slug, id)` its page. `labels(actor, ids)` names many at once, of
    those that the actor may see; lists that show subjects of all kinds use it.
    """

    type: str
    load: Callable[[Actor, Any], Any]
    label: Callable[[Any], str]
    path: Callable[[str, Any], str]
    labels: Callable[[Actor, Iterable[UUID]], Mapping[UUID, str]] | None = None


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
