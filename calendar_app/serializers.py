"""What the API takes and gives."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from rest_framework import serializers

from calendar_app.briefs import BriefRevision
from calendar_app.content import VariantInput
from calendar_app.models import (
    RATINGS,
    RISKS,
    Campaign,
    KeyDate,
    Note,
    Post,
    Revision,
    RevisionVariant,
    SavedView,
    Slot,
)
from calendar_app.registry import OutsideEvent
from calendar_app.states import PostState, ViewPage
from teams.models import LANGUAGES

FILTERS = ("channel", "campaign", "state", "author", "label", "q")


class VariantBody(serializers.Serializer[Any]):
    """One channel's share of a post."""

    channel = serializers.UUIDField()
    text = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, default="")
    media = serializers.ListField(child=serializers.UUIDField(), required=False, default=list, max_length=50)
    options = serializers.DictField(required=False, default=dict)
    scheduled_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class PostBody(serializers.Serializer[Any]):
    """A post, new or changed."""

    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    campaign = serializers.UUIDField(required=False, allow_null=True)
    labels = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=50, help_text="Names."
    )
    language = serializers.ChoiceField(LANGUAGES, required=False, allow_blank=True)
    rating = serializers.ChoiceField(RATINGS, required=False, allow_blank=True)
    risk = serializers.ChoiceField(RISKS, required=False, allow_blank=True)
    scheduled_at = serializers.DateTimeField(required=False, allow_null=True)
    variants = VariantBody(many=True, required=False)


class SubmissionBody(serializers.Serializer[Any]):
    """What goes with a submission."""

    workflow = serializers.UUIDField(required=False, allow_null=True, default=None)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")


class ScheduleBody(serializers.Serializer[Any]):
    """When: an instant, or `now`."""

    scheduled_at = serializers.CharField()


class AssignmentBody(serializers.Serializer[Any]):
    """Who looks after a post from now on."""

    member = serializers.UUIDField()


class CampaignBody(serializers.Serializer[Any]):
    """A campaign."""

    name = serializers.CharField(max_length=120)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    colour = serializers.CharField(required=False, allow_blank=True, max_length=16)
    goal = serializers.CharField(required=False, allow_blank=True, max_length=500)
    owner = serializers.UUIDField(required=False, allow_null=True)


class BriefBody(serializers.Serializer[Any]):
    """The brief of a campaign."""

    text = serializers.CharField(max_length=20_000, trim_whitespace=False)


class FiltersBody(serializers.Serializer[Any]):
    """What a view narrows posts to; nothing means everything."""

    channel = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=50)
    campaign = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=50)
    state = serializers.ListField(
        child=serializers.ChoiceField(PostState.choices), required=False, max_length=50
    )
    author = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=50)
    label = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=50)
    q = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=1)


class ViewBody(serializers.Serializer[Any]):
    """A view of the calendar under a name."""

    name = serializers.CharField(max_length=80)
    page = serializers.ChoiceField(ViewPage.choices, required=False, default=ViewPage.MONTH)
    filters = FiltersBody(required=False)
    is_shared = serializers.BooleanField(required=False, default=False)
    is_default = serializers.BooleanField(required=False, default=False)


class NoteBody(serializers.Serializer[Any]):
    """A note on a day."""

    on_date = serializers.DateField()
    text = serializers.CharField(max_length=300)


class SlotBody(serializers.Serializer[Any]):
    """A usual time of a channel; weekday 0 is Monday."""

    channel = serializers.UUIDField()
    weekday = serializers.IntegerField(min_value=0, max_value=6)
    wall_time = serializers.TimeField()


def variant_inputs(bodies: Iterable[Mapping[str, Any]]) -> list[VariantInput]:
    """Turn validated variants into what the services take."""
    return [VariantInput(**body) for body in bodies]


def post(
    row: Post,
    variants: Iterable[RevisionVariant],
    labels: Iterable[str],
    *,
    held: bool,
    hidden: frozenset[UUID],
) -> dict[str, Any]:
    """Return a post as it stands; channels that the reader may not see are folded."""
    revision = row.current_revision
    shown = list(variants)
    return {
        "id": str(row.pk),
        "title": row.title,
        "state": row.state,
        "held": held,
        "revision": row.version,
        "content_hash": revision.content_hash if revision else "",
        "scheduled_at": row.scheduled_at,
        "wall_time": row.wall_time or None,
        "zone": row.zone or None,
        "campaign": _text(row.campaign_id),
        "author": _text(row.author_id),
        "labels": sorted(labels),
        "language": row.language,
        "rating": row.rating,
        "risk": row.risk,
        "variants": [variant(each, hidden) for each in shown],
        "checks": checks(shown, hidden),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def variant(row: RevisionVariant, hidden: frozenset[UUID] = frozenset()) -> dict[str, Any]:
    """Return one channel's share, or only that there is one."""
    if row.channel_id in hidden:
        return {"channel": str(row.channel_id), "hidden": True}
    return {
        "channel": str(row.channel_id),
        "network": row.channel.kind,
        "text": row.text,
        "media": row.media,
        "options": row.options,
        "scheduled_at": row.scheduled_at,
        "length": row.length,
    }


def checks(rows: Iterable[RevisionVariant], hidden: frozenset[UUID] = frozenset()) -> list[dict[str, Any]]:
    """Return what a network would refuse (blocking) or a reader would miss, by channel."""
    return [
        {"channel": str(row.channel_id), **problem}
        for row in rows
        if row.channel_id not in hidden
        for problem in row.problems
    ]


def revision(row: Revision, changes: list[dict[str, Any]], hidden: frozenset[UUID]) -> dict[str, Any]:
    """Return a revision with what it changed of the one before."""
    return {
        "number": row.number,
        "base": row.base_number,
        "content_hash": row.content_hash,
        "reason": row.reason,
        "by": {"kind": row.actor_kind, "member": _text(row.created_by_id), "for": _text(row.on_behalf_of)},
        "created_at": row.created_at,
        "variants": [variant(each, hidden) for each in row.variants.all()],
        "changes": changes,
    }


def brief_revision(row: BriefRevision) -> dict[str, Any]:
    """Return a revision of a brief."""
    return {
        "id": str(row.pk),
        "number": row.number,
        "text": row.text,
        "content_hash": row.content_hash,
        "by": {"kind": row.actor_kind, "member": _text(row.created_by_id), "for": _text(row.on_behalf_of)},
        "created_at": row.created_at,
    }


def campaign(row: Campaign) -> dict[str, Any]:
    """Return a campaign."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "colour": row.colour,
        "goal": row.goal,
        "owner": _text(row.owner_id),
    }


def view(row: SavedView) -> dict[str, Any]:
    """Return a saved view, as who asked for it sees it."""
    return {
        "id": str(row.pk),
        "name": row.name,
        "page": row.page,
        "filters": {name: row.filters.get(name, []) for name in FILTERS},
        "is_shared": row.is_shared,
        "is_default": bool(getattr(row, "is_default", False)),
        "owner": str(row.owner_id),
    }


def note(row: Note) -> dict[str, Any]:
    """Return a note."""
    return {"id": str(row.pk), "on_date": row.on_date, "text": row.text, "author": _text(row.created_by_id)}


def key_date(row: KeyDate) -> dict[str, Any]:
    """Return a key date."""
    return {"id": str(row.pk), "on_date": row.on_date, "name": row.name, "kind": row.kind}


def slot(row: Slot) -> dict[str, Any]:
    """Return a usual time."""
    return {
        "id": str(row.pk),
        "channel": str(row.channel_id),
        "weekday": row.weekday,
        "wall_time": row.wall_time.isoformat(timespec="minutes"),
    }


def outside_event(row: OutsideEvent) -> dict[str, Any]:
    """Return an event of another department."""
    return {
        "id": row.id,
        "title": row.title,
        "starts_on": row.first,
        "ends_on": row.last,
        "source": row.source,
    }


def _text(ident: UUID | None) -> str | None:
    return None if ident is None else str(ident)
