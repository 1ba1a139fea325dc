"""Saved views: kept under a name, changed, chosen to begin with, taken away."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from calendar_app.models import DefaultView, SavedView
from calendar_app.permissions import SAVE_VIEW, SHARE_VIEW
from calendar_app.saved import Filters
from calendar_app.services.feeds import end_feeds_of
from calendar_app.states import ViewPage
from core.errors import Invalid, NotAllowed
from core.record import record
from core.refs import Ref
from teams.actors import Actor
from teams.models import Workspace
from teams.permissions import require

MOST_VIEWS = 50
NAME_MAX = 80


def save_view(
    *, workspace: Workspace, name: str, page: str, filters: Filters, is_shared: bool = False, by: Actor
) -> SavedView:
    """Keep a way to look at the calendar. Raises: NotAllowed; Invalid. Records: calendar_app.view.saved."""
    require(by, SAVE_VIEW)
    if by.member is None:
        raise NotAllowed(_("Only members keep views."), verb=SAVE_VIEW)
    if is_shared:
        require(by, SHARE_VIEW)
    if SavedView.objects.filter(owner=by.member).count() >= MOST_VIEWS:
        raise Invalid(_("You have %(count)s views. Take one away first.") % {"count": MOST_VIEWS})
    view = SavedView(workspace_id=workspace.pk, owner=by.member, is_shared=is_shared)
    _write(view, {"name": name, "page": page, "filters": filters})
    record("calendar_app.view.saved", by=by, subject=_ref(view))
    return view


def edit_view(*, view: SavedView, by: Actor, **changes: Any) -> SavedView:
    """Change a view: name, page, filters, is_shared.

    One's own; of others the shared ones, by the right to share. A view that is no longer shared begins the calendar
    for its owner alone. Raises: NotAllowed; Invalid. Records: calendar_app.view.edited.
    """
    _require_change(view, by)
    shared = changes.get("is_shared", view.is_shared)
    if shared and not view.is_shared:
        require(by, SHARE_VIEW)
    view.is_shared = shared
    _write(view, changes)
    if not shared:
        DefaultView.objects.filter(view=view).exclude(member=view.owner_id).delete()
    record("calendar_app.view.edited", by=by, subject=_ref(view))
    return view


def remove_view(*, view: SavedView, by: Actor) -> None:
    """Take a view away, and its feeds with it; posts are not touched.

    Raises: NotAllowed. Records: calendar_app.view.removed.
    """
    _require_change(view, by)
    end_feeds_of(view=view, by=by)
    record("calendar_app.view.removed", by=by, subject=_ref(view))
    view.delete()


def begin_with(*, view: SavedView, chosen: bool, by: Actor) -> None:
    """Let the calendar begin with a view, or no longer, for the actor alone.

    Raises: NotAllowed. Records: calendar_app.view.chosen.
    """
    require(by, SAVE_VIEW)
    if by.member is None:
        raise NotAllowed(_("Only members keep views."), verb=SAVE_VIEW)
    DefaultView.objects.filter(member=by.member, **({} if chosen else {"view": view})).delete()
    if chosen:
        DefaultView(workspace_id=view.workspace_id, member=by.member, view=view).save(force_insert=True)
    record("calendar_app.view.chosen", by=by, subject=_ref(view), chosen=str(chosen))


def _require_change(view: SavedView, by: Actor) -> None:
    require(by, SAVE_VIEW)
    if view.owner_id != by.member_id:
        require(by, SHARE_VIEW)


def _write(view: SavedView, changes: dict[str, Any]) -> None:
    if "name" in changes:
        view.name = " ".join(changes["name"].split())
    if not 1 <= len(view.name) <= NAME_MAX:
        message = _("Give a name of 1 to 80 characters.")
        raise Invalid(message, fields={"name": [message]})
    view.page = changes.get("page", view.page)
    if view.page not in ViewPage.values:
        message = _("There is no such page.")
        raise Invalid(message, fields={"page": [message]})
    view.filters = dict(changes.get("filters", view.filters))
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        message = _("There is a view of this name already.")
        raise Invalid(message, fields={"name": [message]}) from None


def _ref(view: SavedView) -> Ref:
    return Ref("calendar_app.savedview", view.pk)
