"""Limits of roles and looks as another role."""

from datetime import time
from typing import Any

from teams.limits import Hours
from teams.models import Role
from teams.services.roles import LimitInput, add_limit
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject("limit")
def limit(side: Side) -> Any:
    """A limit of the role of the workspace's own."""
    hours = Hours(frozenset({0}), time(9), time(17))
    role = Role.objects.get(pk=made(side, "role"))
    limit = LimitInput(["teams.workspace.see"], hours=hours)
    return add_limit(role=role, limit=limit, by=side.by).limits[-1]["id"]


@body("teams_api:role_limits:POST", "teams_api:role_limit:PUT")
def limit_body(side: Side) -> dict[str, Any]:
    """Other hours."""
    made(side, "role")
    hours = {"days": [1], "since": "09:00", "until": "17:00"}
    return {"rights": ["teams.workspace.see"], "hours": hours}


@body("teams:new_role_limit:POST", "teams:role_limit:POST")
def new_limit(side: Side) -> dict[str, Any]:
    made(side, "role")
    return {"rights": ["teams.workspace.see"], "days": ["0"], "since": "09:00", "until": "17:00"}
