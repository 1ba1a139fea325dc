"""Pages on which members give links, see what became of them, and take them back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from calendar_app.filters import filter_of
from calendar_app.selectors import PostFilter, campaigns, posts_visible_to
from core.clock import now
from core.errors import Invalid
from core.paging import keyset
from guests import selectors
from guests.forms import LinkForm
from guests.permissions import INVITE
from guests.services.links import MOST_SHARED, mail_again, make_link, revoke_link
from guests.states import Scope
from teams.edges import tell_form
from teams.gates import members

LIST_SIZE = 50
MOST_CAMPAIGNS = 100


@members(INVITE, "GET")
def links(request: HttpRequest) -> HttpResponse:
    """List the links, latest first, with when each was opened last."""
    page = keyset(selectors.links(request.actor), by=["-id"], cursor=request.GET.get("after"), size=LIST_SIZE)
    at = now()
    context = {"rows": [(row, row.ending(at)) for row in page.rows], "next": page.next, "tab": "guests"}
    return render(request, "guests/link_list.html", context)


@members(INVITE, "GET", "POST")
def new_link(request: HttpRequest) -> HttpResponse:
    """Make a link to the posts or the view in the address, to a campaign, or to what workflows ask."""
    posts, view = _named_posts(request), filter_of(request)
    form = LinkForm(request.POST or None, choices=_choices(posts, view))
    if request.method == "POST" and form.is_valid():
        try:
            made = make_link(
                scope=form.scope, wanted=_wanted(form, posts, view), by=request.actor, **form.facts
            )
        except Invalid as error:
            tell_form(form, error)
        else:
            messages.success(request, _("The link goes to %(email)s.") % {"email": made.guest.email})
            return redirect("links:link", request.workspace.slug, made.pk)
    shown = posts_visible_to(request.actor).filter(pk__in=posts).order_by("-id") if posts else []
    context = {"form": form, "posts": shown, "tab": "guests"}
    return render(request, "guests/link_new.html", context, status=422 if form.errors else 200)


@members(INVITE, "GET")
def link(request: HttpRequest, link: UUID) -> HttpResponse:
    """Show a link: for whom, what it shows, and its log."""
    found = selectors.get_link(request.actor, link)
    context = {
        "link": found,
        "ending": found.ending(now()),
        "events": selectors.events_of(found),
        "count": len(selectors.post_ids_of(found)),
        "tab": "guests",
    }
    return render(request, "guests/link_page.html", context)


@members(INVITE, "POST")
def revocation(request: HttpRequest, link: UUID) -> HttpResponse:
    """Take a link back."""
    found = revoke_link(link=selectors.get_link(request.actor, link), by=request.actor)
    messages.success(request, _("Taken back. The link opens nothing any more."))
    return redirect("links:link", request.workspace.slug, found.pk)


@members(INVITE, "POST")
def mailing(request: HttpRequest, link: UUID) -> HttpResponse:
    """Send the guest a new mail."""
    found = mail_again(link=selectors.get_link(request.actor, link), by=request.actor)
    messages.success(request, _("A new link goes to %(email)s.") % {"email": found.guest.email})
    return redirect("links:link", request.workspace.slug, found.pk)


def _named_posts(request: HttpRequest) -> list[str]:
    """Return the ids of posts in the address; what is no id is left out."""
    found = []
    for text in request.GET.getlist("post")[:MOST_SHARED]:
        try:
            found.append(str(UUID(text)))
        except ValueError:
            continue
    return found


def _choices(posts: list[str], view: PostFilter) -> list[tuple[str, Any]]:
    if posts:
        return [(Scope.POSTS, Scope.POSTS.label)]
    if view.is_narrow:
        return [(Scope.VIEW, Scope.VIEW.label)]
    rows = campaigns().order_by("-starts_on", "-id")[:MOST_CAMPAIGNS]
    named = [(f"campaign:{row.pk}", _("Campaign: %(name)s") % {"name": row.name}) for row in rows]
    return [(Scope.ASKED, Scope.ASKED.label), *named]


def _wanted(form: LinkForm, posts: list[str], view: PostFilter) -> dict[str, Any]:
    if posts:
        return {"posts": posts}
    if form.campaign:
        return {"campaigns": [form.campaign]}
    if form.scope == Scope.ASKED:
        return {}
    wanted = {name: [str(each) for each in getattr(view, name)] for name in selectors.FILTERS}
    return {**wanted, "states": list(view.states), "words": view.words}
