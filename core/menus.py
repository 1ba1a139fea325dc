"""Menus of ticks above a list, as they stand in its address."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Case, F, QuerySet, When
from django.http import QueryDict
from django.utils.translation import gettext as _

MOST_CHOICES = 200


def menu(
    query: QueryDict, name: str, label: str, choices: Sequence[tuple[str, str]], *, is_sorted: bool = True
) -> dict[str, Any]:
    """Return a menu as `ui/filter.html` takes it; `choices` are values with their words, sorted by these."""
    asked = set(query.getlist(name))
    chosen = [words for value, words in choices if value in asked]
    rest = query.copy()
    rest.pop(name, None)
    rest.pop("after", None)
    many = _("%(n)d of %(all)d") % {"n": len(chosen), "all": len(choices)}
    ordered = sorted(choices, key=lambda each: each[1].casefold()) if is_sorted else choices
    return {
        "name": name,
        "label": label,
        "choices": [{"value": value, "label": words, "chosen": value in asked} for value, words in ordered],
        "chosen_label": chosen[0] if len(chosen) == 1 else many if chosen else "",
        "clear_url": f"?{rest.urlencode()}",
    }


def named(rows: QuerySet[Any], words: str, chosen: Sequence[UUID]) -> QuerySet[Any, Any]:
    """Return rows as choices of a menu, `ident` and `words`: at most 200, the chosen ones first."""
    order = [Case(When(pk__in=chosen, then=0), default=1)] if chosen else []
    found: QuerySet[Any, Any] = rows.order_by(*order, words, "pk").values(ident=F("id"), words=F(words))
    return found[:MOST_CHOICES]


def ids_in(values: Iterable[str]) -> tuple[UUID, ...]:
    """Read ids; what is none is left out."""
    found = []
    for value in values:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return tuple(found)
