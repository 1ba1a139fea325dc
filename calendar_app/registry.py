"""What upper apps add to the calendar's answers and pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from calendar_app.models import Post
from core.registry import Registry
from teams.actors import Actor

PostPanel = Callable[[HttpRequest, Post], SafeString]
HeldPosts = Callable[[Actor], "QuerySet[Any, Any]"]


@dataclass(frozen=True, slots=True)
class OutsideEvent:
    """Something that happens outside the calendar and is shown over it."""

    id: str
    title: str
    first: date
    last: date
    source: str


OutsideEvents = Callable[[Actor, date, date], Sequence[OutsideEvent]]

post_panels: Registry[PostPanel] = Registry("calendar_app.registry.post_panels")
"""Sections of the post page: name → function(request, post) → HTML, shown in the order of registration."""

held_posts: Registry[HeldPosts] = Registry("calendar_app.registry.held_posts")
"""Who says which posts are paused now: rows that name theirs as `post_id`, to be narrowed or joined by who asks."""

outside_events: Registry[OutsideEvents] = Registry("calendar_app.registry.outside_events")
"""Calendars of other departments: function(actor, first day, last day) → events."""
