"""The composer: reading what a form says, and what stands beside it (tabs, previews, checks, path, times)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from approvals.paths import PathStep, reason_words
from approvals.selectors import path_for
from calendar_app.content import Content, VariantContent, instant_text
from calendar_app.models import Post, PostChannel, Slot
from calendar_app.previews import Preview
from calendar_app.rendering import RenderedRevision, problem_json, render_revision
from calendar_app.routing import facts_in
from calendar_app.services.campaigns import labels_named
from calendar_app.times import day_of, moment_at, wall_of
from core.errors import Invalid
from files.models import Media
from networks.adapters import adapter_of
from networks.limits import text_most
from networks.models import Channel
from networks.problems import EMPTY
from networks.protocol import OptionField, Problem
from teams.actors import Actor
from teams.models import Membership

SLOT_DAYS = 14
SLOTS_SHOWN = 3
USUAL_TIME = time(9)
COUNTERS = {name: name for name in ("graphemes", "utf16", "weighted")}
"""What the counter beside a text counts, by the channel's rule; it is a help, and the server's count decides."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One channel in the composer."""

    channel: Channel
    chosen: bool
    own: bool
    text: str
    options: Sequence[dict[str, Any]]
    problems: Sequence[Mapping[str, Any]]
    length: int
    limit: int
    unit: str
    link_length: int
    is_twin: bool = False

    @property
    def standing(self) -> str:
        """Return what the tab says of itself: over, needed, changed or inherits."""
        if any(problem["blocking"] and not problem["is_needed"] for problem in self.problems):
            return "over"
        if any(problem["is_needed"] for problem in self.problems):
            return "needed"
        return "changed" if self.own else "inherits"

    @property
    def over(self) -> int:
        """Return by how much the text is too long."""
        return max(0, self.length - self.limit)


@dataclass(frozen=True, slots=True)
class Time:
    """A time to choose: its wall time as the form sends it, and the instant."""

    wall: str
    at: datetime
    channel: str


def content_from(data: QueryDict, before: Content, zone: str, by: Actor) -> Content:
    """Read a composer form. Texts of channels that are not marked as own are inherited.

    Raises: Invalid for a time that cannot be read.
    """
    chosen = list(dict.fromkeys(data.getlist("channel")))
    shared = _lines(data.get("text", ""))
    known = {variant.channel: variant for variant in before.variants}
    variants = tuple(
        _variant(ident, data, shared, known.get(ident), before) for ident in chosen if _is_id(ident)
    )
    media = tuple(dict.fromkeys(ident for ident in data.getlist("media") if _is_id(ident)))
    names = data.get("labels", "").split(",")
    return Content(
        title=data.get("title", "").strip()[:200],
        text=shared,
        media=media,
        campaign=data.get("campaign") if _is_id(data.get("campaign", "")) else None,
        labels=tuple(sorted(str(label.pk) for label in labels_named(names=names, by=by))),
        language=data.get("language", ""),
        rating=data.get("rating", ""),
        risk=data.get("risk", ""),
        scheduled_at=_time(data, zone),
        variants=variants,
    )


def tabs_of(
    content: Content, channels: Sequence[Channel], rendered: RenderedRevision, is_tried: bool
) -> list[Tab]:
    """Return a tab for every channel one may write for; those chosen carry their findings."""
    said = {variant.channel: variant for variant in content.variants}
    found = {str(each.channel.pk): each for each in rendered.variants}
    kinds = [channel.kind for channel in channels]
    tabs = []
    for channel in channels:
        ident = str(channel.pk)
        variant, result = said.get(ident), found.get(ident)
        own = variant is not None and variant.text is not None
        text = content.text if variant is None else content.text_for(variant)
        options = dict(variant.options) if variant else {}
        tabs.append(
            Tab(
                channel=channel,
                chosen=variant is not None,
                own=own,
                text=text,
                options=[_option(ident, field, options) for field in adapter_of(channel).option_fields],
                problems=[_finding(problem, is_tried) for problem in result.problems] if result else (),
                length=result.length if result else len(text),
                limit=text_most(channel.limits, has_files=bool(variant and content.media_for(variant))),
                unit=COUNTERS.get(channel.limits.get("counting", ""), "characters"),
                link_length=int(channel.limits.get("url_length") or 0),
                is_twin=kinds.count(channel.kind) > 1,
            )
        )
    return tabs


def panes_of(
    content: Content, channels: Sequence[Channel], by: Actor, post: Post | None = None, *, is_tried: bool
) -> dict[str, Any]:
    """Return all that follows from the document: tabs, previews, findings, the approval path, times.

    Until the author has tried (written and cleared, or sent the form), what is not written yet is only needed.
    """
    rendered = render_revision(content)
    tabs = tabs_of(content, channels, rendered, is_tried)
    wanted = {ident for variant in rendered.variants for ident in variant.media} | set(content.media)
    rows = {str(row.pk): row for row in Media.objects.filter(pk__in=wanted)} if wanted else {}
    findings = [problem for tab in tabs for problem in tab.problems]
    needed = [problem["message"] for problem in findings if problem["is_needed"]]
    return {
        "tabs": tabs,
        "chosen": [tab for tab in tabs if tab.chosen],
        "previews": [
            Preview(
                each.channel,
                each.text,
                tuple(rows[i] for i in each.media if i in rows),
                options=each.options,
            )
            for each in rendered.variants
        ],
        "media": [rows[ident] for ident in content.media if ident in rows],
        "blocking": sum(problem["blocking"] for problem in findings) - len(needed),
        "needed": list(dict.fromkeys(needed)),
        "is_tried": is_tried,
        "path": path_of(content, rendered, post, by),
        "scheduled_at": datetime.fromisoformat(content.scheduled_at) if content.scheduled_at else None,
    }


def path_of(
    content: Content, rendered: RenderedRevision, post: Post | None, by: Actor
) -> list[dict[str, Any]]:
    """Return the approval steps that a submission would take: who decides, and which rule brings each."""
    return [
        {
            "number": number,
            "name": part.name,
            "who": _seats(part),
            "one": _one(part),
            "hours": part.step.due_hours,
            "is_optional": part.step.is_optional,
            "why": reason_words(why.as_json() for why in part.because),
        }
        for number, part in enumerate(path_for(facts_in(content, rendered, post, by)), start=1)
    ]


def next_times(channels: Sequence[UUID], zone: str, now: datetime) -> list[Time]:
    """Return the next free usual times of the channels, two weeks ahead, the nearest first."""
    slots = list(Slot.objects.filter(channel__in=channels).select_related("channel"))
    if not slots:
        return []
    today = now.astimezone(ZoneInfo(zone)).date()
    found = []
    for day in (today + timedelta(days=number) for number in range(SLOT_DAYS)):
        for slot in slots:
            moment = moment_at(datetime.combine(day, slot.wall_time), zone)
            if slot.falls_on(day) and moment.instant > now:
                found.append((moment, slot))
    taken = set(
        PostChannel.objects.filter(
            channel__in=channels, post__scheduled_at__gt=now, post__archived_at=None
        ).values_list("channel_id", "post__scheduled_at")
    )
    free = [(moment, slot) for moment, slot in found if (slot.channel_id, moment.instant) not in taken]
    free.sort(key=lambda each: each[0].instant)
    nearest = {
        moment.wall: Time(moment.wall[:16], moment.instant, slot.channel.name)
        for moment, slot in reversed(free)
    }
    return sorted(nearest.values(), key=lambda each: each.at)[:SLOTS_SHOWN]


def started_on(day: str, zone: str, now: datetime) -> str | None:
    """Return the instant that a new post for a day begins with: the usual time, or the next full hour."""
    try:
        wall = datetime.combine(day_of(day), USUAL_TIME)
    except ValueError:
        return None
    moment = moment_at(wall, zone)
    if moment.instant <= now:
        ahead = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return instant_text(ahead) if ahead.astimezone(ZoneInfo(zone)).date().isoformat() == day else None
    return instant_text(moment.instant)


def _finding(problem: Problem, is_tried: bool) -> dict[str, Any]:
    return {**problem_json(problem), "is_needed": problem.code == EMPTY and not is_tried}


def _variant(
    ident: str, data: QueryDict, shared: str, known: VariantContent | None, before: Content
) -> VariantContent:
    typed = _lines(data.get(f"text-{ident}", ""))
    own = ident in data.getlist("own") or typed not in ("", shared, before.text)
    options = _options(ident, data)
    base = known or VariantContent(ident)
    said = {name: value for name, value in {**base.options, **options}.items() if value != ""}
    return replace(base, text=typed if own else None, options=said)


def _options(ident: str, data: QueryDict) -> dict[str, Any]:
    start = f"option:{ident}:"
    said = {name[len(start) :]: str(value).strip() for name, value in data.items() if name.startswith(start)}
    return {name: True if value == "on" else value for name, value in said.items()}


def _option(ident: str, field: OptionField, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "key": f"{ident}-{field.name}",
        "field": f"option:{ident}:{field.name}",
        "label": field.label,
        "choices": field.choices,
        "is_flag": field.is_flag,
        "text_max": field.text_max,
        "value": said.get(field.name, ""),
    }


def _time(data: QueryDict, zone: str) -> str | None:
    when = data.get("when", "other")
    if when in ("", "none"):
        return None
    wall = when
    if when == "other":
        if not data.get("date"):
            return None
        wall = f"{data.get('date')}T{data.get('time') or '09:00'}"
    try:
        day_of(wall[:10])
        return instant_text(moment_at(wall_of(wall), zone).instant)
    except ValueError:
        message = _("This day or time cannot be read.")
        raise Invalid(message, fields={"scheduled_at": [message]}) from None


def _seats(part: PathStep) -> str:
    names = [str(one) for one in part.people]
    return _(" or ").join(names) or _("Nobody moderates these channels: the team leads stand in.")


def _one(part: PathStep) -> str:
    """Return the first name of the one member who decides, "" where several may."""
    alone = part.people[0] if len(part.people) == 1 else None
    return str(alone.user.get_short_name()) if isinstance(alone, Membership) else ""


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
