"""Keyset paging: bounded lists that stay right while rows come and go."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _

from core.errors import Invalid

M = TypeVar("M", bound=models.Model)
_SALT = "core.paging"
MOST = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """A slice of a list and the cursor of the next one, None at the end."""

    rows: list[M]
    next: str | None


def keyset(
    queryset: models.QuerySet[M], *, by: Sequence[str], cursor: str | None = None, size: int = 50
) -> Page[M]:
    """Return the page of `queryset` after `cursor`, ordered by the fields `by`.

    `by` must end in a unique field and run in one direction: all names with a leading minus, or none.
    Raises: Invalid for a cursor that this server did not give out.
    """
    size = max(1, min(size, MOST))
    descending = by[0].startswith("-")
    fields = [name.lstrip("-") for name in by]
    rows = queryset.order_by(*by)
    if cursor:
        rows = rows.filter(_after(fields, read_cursor(cursor, len(fields)), "lt" if descending else "gt"))
    return page_of(list(rows[: size + 1]), by=by, size=size)


def page_of(found: list[M], *, by: Sequence[str], size: int) -> Page[M]:
    """Return the page of rows that were found in the order `by`, one more than `size` where there are more."""
    fields = [name.lstrip("-") for name in by]
    more = len(found) > size
    return Page(found[:size], write_cursor(_values(found[size - 1], fields)) if more else None)


def _after(fields: Sequence[str], values: Sequence[Any], compare: str) -> models.Q:
    condition = models.Q()
    for index, name in enumerate(fields):
        equal = dict(zip(fields[:index], values[:index], strict=True))
        condition |= models.Q(**equal, **{f"{name}__{compare}": values[index]})
    return condition


def _values(row: models.Model, fields: Sequence[str]) -> list[Any]:
    values = []
    for name in fields:
        value: Any = row
        for part in name.split("__"):
            value = getattr(value, part)
        values.append(value)
    return values


def write_cursor(values: Sequence[Any]) -> str:
    """Return the cursor of a row by the values that order it, signed."""
    raw = json.dumps(values, cls=_Exact).encode()
    return signing.Signer(salt=_SALT).sign(base64.urlsafe_b64encode(raw).decode())


def read_cursor(cursor: str, length: int) -> list[Any]:
    """Return the values in a cursor. Raises: Invalid for one that this server did not give out."""
    try:
        raw = signing.Signer(salt=_SALT).unsign(cursor)
        values = json.loads(base64.urlsafe_b64decode(raw))
    except (signing.BadSignature, ValueError):
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise Invalid(
            _("This page cursor is not valid; start from the first page."), fields={"cursor": [_("Invalid.")]}
        )
    return values


class _Exact(DjangoJSONEncoder):
    """Keeps microseconds, which Django's encoder cuts to milliseconds."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)
