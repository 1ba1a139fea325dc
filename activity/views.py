"""The record as a page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from activity import selectors
from activity.words import noun_of
from core.paging import keyset
from teams.gates import members
from teams.selectors import members as members_of

PAGE = 50


@members("activity.entry.see", "GET")
def log(request: HttpRequest) -> HttpResponse:
    """Show what was done by whom, newest first, narrowed by subject, verb and member."""
    actor, asked = request.actor, request.GET
    member = _uuid(asked.get("member", ""))
    rows = selectors.entries(
        actor, subject=asked.get("subject", "")[:120], verb=asked.get("verb", "")[:80], member=member
    )
    page = keyset(rows, by=["-id"], cursor=asked.get("after"), size=PAGE)
    people = [
        {"value": str(one.pk), "label": one.user.name, "chosen": one.pk == member}
        for one in members_of(actor)
    ]
    context = {
        "lines": selectors.lines(actor, page.rows, request.workspace.slug),
        "next": page.next,
        "people": people,
        "kinds": _kinds(asked.get("subject", "")),
        "verb": asked.get("verb", "")[:80],
        "is_narrowed": any(asked.get(name) for name in ("subject", "verb", "member")),
        "nav_key": "log",
    }
    return render(request, "activity/log.html", context)


def _kinds(chosen: str) -> list[dict[str, object]]:
    names = selectors.subject_types()
    return [{"value": name, "label": noun_of(name), "chosen": chosen.startswith(name)} for name in names]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
