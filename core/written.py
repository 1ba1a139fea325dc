"""Questions that every page asks, written once: to build and compile one anew costs many times what its answer does."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

MOST = 200
PLAIN = (str, bool, int, type(None))


@dataclass(frozen=True, slots=True)
class Written:
    """A question as the database takes it."""

    sql: str
    params: tuple[Any, ...]


_kept: dict[Hashable, tuple[str, tuple[Any, ...]]] = {}


@dataclass(frozen=True, slots=True)
class _Who:
    """The place of an id that each who asks fills with his own."""

    name: str


def written(
    key: Hashable | None, who: Mapping[str, UUID], build: Callable[[], "QuerySet[Any, Any]"]
) -> Written:
    """Return the question that `build` makes, kept under `key` for all who ask it alike; with None it is not kept.

    `who` are the ids, by name, in which those who ask may differ. A question that holds anything else which could
    be somebody's own (another id, an instant, a list) is not kept, so that nobody ever asks with another's.
    Raises: EmptyResultSet where nothing can be found.
    """
    found = _kept.get(key) if key is not None else None
    if found is not None:
        sql, blanks = found
        return Written(sql, tuple(who[p.name] if isinstance(p, _Who) else p for p in blanks))
    sql, params = build().query.sql_with_params()
    if key is not None and len(set(who.values())) == len(who):
        names = {value: name for name, value in who.items()}
        blanks = tuple(_Who(names[p]) if isinstance(p, UUID) and p in names else p for p in params)
        if all(isinstance(blank, (_Who, *PLAIN)) for blank in blanks):
            if len(_kept) >= MOST:
                _kept.clear()
            _kept[key] = sql, blanks
    return Written(sql, tuple(params))
