"""How the record and notices name and link series, meetings and actions."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from checkins.models import ACTION, MEETING, SERIES, Action, Meeting, Series
from checkins.selectors.actions import actions_visible_to, get_action
from checkins.selectors.meetings import get_meeting, get_series, meetings_visible_to, series_visible_to
from teams.actors import Actor
from teams.subjects import Subject


def _load_series(actor: Actor, ident: Any) -> Series:
    found: Series = get_series(actor, UUID(str(ident)))
    return found


def _load_meeting(actor: Actor, ident: Any) -> Meeting:
    return get_meeting(actor, UUID(str(ident)))


def _load_action(actor: Actor, ident: Any) -> Action:
    return get_action(actor, UUID(str(ident)))


def _series_path(slug: str, ident: Any) -> str:
    return reverse("checkins:series", args=[slug, ident])


def _meeting_path(slug: str, ident: Any) -> str:
    return reverse("checkins:meeting", args=[slug, ident])


def _action_path(slug: str, ident: Any) -> str:
    return reverse("checkins:action", args=[slug, ident])


def _series_labels(actor: Actor, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    return dict(series_visible_to(actor).filter(pk__in=list(ids)).values_list("pk", "title"))


def _meeting_labels(actor: Actor, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    return dict(meetings_visible_to(actor).filter(pk__in=list(ids)).values_list("pk", "series__title"))


def _action_labels(actor: Actor, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    return dict(actions_visible_to(actor).filter(pk__in=list(ids)).values_list("pk", "text"))


SERIES_SUBJECT = Subject(SERIES, _load_series, str, _series_path, _series_labels)
MEETING_SUBJECT = Subject(MEETING, _load_meeting, str, _meeting_path, _meeting_labels)
ACTION_SUBJECT = Subject(ACTION, _load_action, str, _action_path, _action_labels)
