"""The record as a page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from activity import selectors
from activity.forms import WhoForm
from activity.words import noun_of
from core.paging import keyset
from teams.gates import members
from teams.selectors import members as members_of

PAGE = 50


@members("activity.entry.see", "GET")
def log(request: HttpRequest) -> HttpResponse:
    """Show what was done by whom, newest first, narrowed by subject, verb and member."""
    actor, asked = request.actor, request.GET
    who = WhoForm(asked, members=members_of(actor))
    rows = selectors.entries(
        actor,
        subject=asked.get("subject", "")[:120],
        verb=asked.get("verb", "")[:80],
        member=who.chosen.pk if who.chosen else None,
    )
    if who.errors:
        rows = rows.none()
    page = keyset(rows, by=["-id"], cursor=asked.get("after"), size=PAGE)
    context = {
        "lines": selectors.lines(actor, page.rows, request.workspace.slug),
        "next": page.next,
        "who": who,
        "kinds": _kinds(asked.get("subject", "")),
        "verb": asked.get("verb", "")[:80],
        "is_narrowed": any(asked.get(name) for name in ("subject", "verb", "member")),
        "nav_key": "log",
    }
    return render(request, "activity/log.html", context)


def _kinds(chosen: str) -> list[dict[str, object]]:
    names = selectors.subject_types()
    return [{"value": name, "label": noun_of(name), "chosen": chosen.startswith(name)} for name in names]
