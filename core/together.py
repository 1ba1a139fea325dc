"""Several questions in one statement, where a page would otherwise wait for the database once for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from core.written import Written

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What `ask` found: rows of plain values by name, and counts by name."""

    rows: Mapping[str, Rows]
    counts: Mapping[str, int]


def ask(
    rows: Mapping[str, QuerySet[Any, Any]],
    counts: Mapping[str, QuerySet[Any, Any] | Written] | None = None,
    *,
    most: int | None = None,
) -> Answers:
    """Return the rows of some querysets made by `values()`, and how many rows others have, in one statement.

    Of what is counted, no more than `most` are told apart.
    Rows come by way of JSON, in their querysets' order: ids and instants arrive as texts. A queryset keeps the
    scope it was built in; row-level security holds for the statement as for any other.
    """
    limit = "ALL" if most is None else str(int(most))
    found_rows: dict[str, Rows] = {name: [] for name in rows}
    found_counts = dict.fromkeys(counts or {}, 0)
    parts: list[tuple[str, dict[str, Any]]] = []
    selects: list[str] = []
    values: list[Any] = []
    for target, wanted, template in (
        (found_rows, rows, "(SELECT coalesce(json_agg(part), '[]') FROM ({}) AS part)"),
        (
            found_counts,
            counts or {},
            "(SELECT count(*) FROM (SELECT FROM ({}) AS every LIMIT ALL) AS part)".replace("ALL", limit),
        ),
    ):
        for name, question in wanted.items():
            try:
                sql, params = _compiled(question)
            except EmptyResultSet:
                continue
            parts.append((name, target))
            selects.append(template.format(sql))
            values += params
    if selects:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(selects)}", values)
            answer = cursor.fetchone()
        for (name, target), value in zip(parts, answer, strict=True):
            target[name] = value
    return Answers(found_rows, found_counts)


def _compiled(question: QuerySet[Any, Any] | Written) -> tuple[str, Sequence[Any]]:
    if isinstance(question, Written):
        return question.sql, question.params
    return question.query.sql_with_params()
