"""The page of roles and rights for `docs/`, drawn from the declarations."""

from itertools import groupby

from django.utils import translation

from teams.permissions import Verb, verbs
from teams.states import RoleKey

HEAD = """# Roles and rights

Drawn from the declarations in each app's `permissions.py` by `manage.py roles_page`; a test compares it. A workspace
may make roles of its own from the same rights. “Covered”: whoever stands in for an absent member has this right too,
if the absent member has it.
"""


def page() -> str:
    """Return the table of all rights as Markdown, in English."""
    with translation.override("en"):
        return HEAD + "".join(_section(app, list(rows)) for app, rows in groupby(_sorted(), _app))


def _sorted() -> list[Verb]:
    return sorted(verbs.values(), key=lambda verb: verb.name)


def _app(verb: Verb) -> str:
    return verb.name.split(".")[0]


def _section(app: str, rows: list[Verb]) -> str:
    names = [str(role.label) for role in RoleKey]
    lines = [
        f"\n## {app}\n",
        f"| right | verb | {' | '.join(names)} | covered |",
        "|---|---|" + "---|" * (len(names) + 1),
    ]
    for verb in rows:
        marks = ["●" if role in verb.roles else "" for role in RoleKey]
        covered = "●" if verb.covers else ""
        lines.append(f"| {verb.label} | `{verb.name}` | {' | '.join(marks)} | {covered} |")
    return "\n".join(lines) + "\n"
