"""Where things lie: upper apps say in which channels, networks and campaigns a thing of theirs is.

A scope is written as a reference is, `networks.channel:<id>`, and a network as `network:<kind>`.

A cover or a limit that holds for some channels only asks here. What nobody has placed lies nowhere: a narrow cover
does not reach it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import models

from core.registry import Registry
from teams.actors import Bounds

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Placing:
    """How things of one model are placed.

    `places(thing)` gives its sets of scopes: its channels, their networks, its campaign, itself; `within(scopes)` the
    condition on rows of which one of these sets lies within the scopes. `is_subject` where others point at it.
    """

    places: Callable[[Any], Sequence[frozenset[str]]]
    within: Callable[[frozenset[str]], models.Q]
    is_subject: bool = True


class PlacedVerbs:
    """The rights that are about placed things, gathered at start."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def add(self, names: Iterable[str]) -> None:
        """Name rights whose things are placed, so that a narrow cover can lend them."""
        self._names |= set(names)

    def names(self) -> frozenset[str]:
        """Return their names."""
        return frozenset(self._names)


placings: Registry[Placing] = Registry("teams.places.placings")
placed_verbs = PlacedVerbs()


def register_placing(model: type[models.Model], placing: Placing, *, verbs: Iterable[str] = ()) -> None:
    """Say how things of a model are placed, and which rights are about them, at start."""
    placings.register(model._meta.label_lower, placing)
    placed_verbs.add(verbs)


def places_of(obj: Any) -> Sequence[frozenset[str]]:
    """Return the sets of scopes in which a thing lies; none where its app does not say."""
    if not isinstance(obj, models.Model):
        return ()
    placing = placings.find(obj._meta.label_lower)
    return placing.places(obj) if placing else ()


def rows_within(bounds: Bounds, rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """Narrow rows to those within the bounds; of a model that nobody places, a narrow cover reaches none."""
    placing = placings.find(rows.model._meta.label_lower)
    if placing is None:
        return rows if bounds.only is None else rows.none()
    if bounds.only is not None:
        return rows.filter(placing.within(bounds.only))
    for taken in bounds.but:
        rows = rows.exclude(placing.within(taken))
    return rows


def subjects_within(bounds: Bounds) -> models.Q:
    """Return the condition on rows that point at a subject by `subject_type` and `subject_id`."""
    found, known = _named(bounds.only or frozenset()), []
    for label, placing in placings.items():
        if not placing.is_subject:
            continue
        rows = rows_within(bounds, apps.get_model(label)._default_manager.order_by())
        known.append(label)
        found |= models.Q(subject_type=label, subject_id__in=rows.values("pk"))
    return found if bounds.only is not None else found | ~models.Q(subject_type__in=known)


def ids_in(scopes: frozenset[str], kind: str) -> list[str]:
    """Return the ids, or networks, that scopes name of one kind."""
    return [scope.partition(":")[2] for scope in sorted(scopes) if scope.startswith(f"{kind}:")]


def _named(scopes: frozenset[str]) -> models.Q:
    """Return the condition on rows that point at what scopes name themselves, whoever places it."""
    found = models.Q(pk__in=[])
    for scope in sorted(scopes):
        kind, _, ident = scope.partition(":")
        if "." in kind:  # a network has no id
            found |= models.Q(subject_type=kind, subject_id=UUID(ident))
    return found
