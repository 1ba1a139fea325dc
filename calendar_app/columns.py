"""The columns of tables of posts: what they are called in each language, and what a post says in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, override, pgettext_lazy

from calendar_app.content import Content
from calendar_app.models import Campaign, Label
from calendar_app.permissions import hidden_channel_ids
from core.ids import uuid7
from networks.models import Channel
from networks.selectors import told_apart
from teams.actors import Actor
from teams.models import LANGUAGES

ROW_ID, DAY, TIME, ZONE, STATE, CHANNELS = "row_id", "day", "time", "zone", "state", "channels"
TITLE, TEXT, CAMPAIGN, LABELS, PERSON = "title", "text", "campaign", "labels", "person"
LANGUAGE, AS_OF, WHEN, LINK = "language", "as_of", "when", "link"

WORDS: Mapping[str, "str | Promise"] = {
    ROW_ID: gettext_lazy("Row id"),
    DAY: gettext_lazy("Day"),
    TIME: gettext_lazy("Time"),
    ZONE: gettext_lazy("Zone"),
    STATE: gettext_lazy("State"),
    CHANNELS: gettext_lazy("Channels"),
    TITLE: gettext_lazy("Title"),
    TEXT: gettext_lazy("Text"),
    CAMPAIGN: gettext_lazy("Campaign"),
    LABELS: gettext_lazy("Labels"),
    PERSON: gettext_lazy("Person"),
    LANGUAGE: gettext_lazy("Language"),
    AS_OF: pgettext_lazy("a column: the stand of a post in a file", "As of"),
    WHEN: gettext_lazy("Day and time"),
    LINK: gettext_lazy("Link"),
}
EXPORTED = (
    ROW_ID, DAY, TIME, ZONE, STATE, CHANNELS, TITLE, TEXT, CAMPAIGN, LABELS, PERSON, LANGUAGE, AS_OF,
)  # fmt: skip
IN_TEMPLATE = (ROW_ID, DAY, TIME, CHANNELS, TITLE, TEXT, LINK, CAMPAIGN, LABELS, LANGUAGE)
SAID = (DAY, TIME, ZONE, CHANNELS, TITLE, TEXT, CAMPAIGN, LABELS, LANGUAGE)
"""What a file can change; the other columns are there to be read."""

OTHER_WORDS = {
    "date": DAY, "message": TEXT, "post": TEXT, "caption": TEXT, "content": TEXT, "url": LINK, "id": ROW_ID,
    "datetime": WHEN, "date time": WHEN, "date and time": WHEN, "date-time": WHEN, "schedule": WHEN,
    "channel": CHANNELS, "label": LABELS, "tags": LABELS,
}  # fmt: skip
CELL_MAX = 32_767
"""What a cell of a spreadsheet holds; a longer text is cut there by the file, not by anybody's wish."""


@dataclass(frozen=True, slots=True)
class Names:
    """What channels, campaigns and labels are called, of those that a reader may see."""

    channels: Mapping[str, str] = field(default_factory=dict)
    campaigns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def names_for(by: Actor) -> Names:
    """Return the names that a table needs, in three queries."""
    seen = Channel.objects.exclude(pk__in=hidden_channel_ids(by)).order_by("position", "pk")
    return Names(
        {str(ident): name for ident, name in told_apart(list(seen)).items()},
        {str(ident): name for ident, name in Campaign.objects.values_list("pk", "name")},
        {str(ident): name for ident, name in Label.objects.values_list("pk", "name")},
    )


def said_by(content: Content, zone: str, names: Names) -> dict[str, str]:
    """Return what a post says in the columns that a file can change, by the clock of a zone."""
    at = datetime.fromisoformat(content.scheduled_at) if content.scheduled_at else None
    local = at.astimezone(ZoneInfo(zone)) if at else None
    return {
        DAY: f"{local:%Y-%m-%d}" if local else "",
        TIME: f"{local:%H:%M}" if local else "",
        ZONE: zone if local else "",
        CHANNELS: ", ".join(names.channels[one] for one in content.channels if one in names.channels),
        TITLE: content.title,
        TEXT: content.text,
        CAMPAIGN: names.campaigns.get(content.campaign or "", ""),
        LABELS: ", ".join(sorted(names.labels[one] for one in content.labels if one in names.labels)),
        LANGUAGE: content.language,
    }


def stand_of(version: int, at: datetime | None) -> str:
    """Return how a post stands as a file is written: its revision, and the planned time, which cuts none."""
    return f"{version} {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else f"{version} -"


def read_stand(text: str) -> tuple[int, str | None] | None:
    """Read what `stand_of` wrote; None where it makes no sense."""
    found = re.fullmatch(r"(\d{1,9}) (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", text.strip())
    return (int(found[1]), None if found[2] == "-" else found[2]) if found else None


def heading(name: str) -> str:
    """Return what a column is called in the language that is active."""
    return str(WORDS[name])


@cache
def _by_words() -> dict[str, str]:
    found = dict(OTHER_WORDS)
    for code, _name in LANGUAGES:
        with override(code):
            found |= {_plain(heading(name)): name for name in WORDS}
    return found | {name: name for name in WORDS}


def column_called(text: str) -> str | None:
    """Return the column that a heading names, in whichever language of the interface it is written."""
    return _by_words().get(_plain(text))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("*", " ").split()).rstrip(":")


def new_row_ids(count: int) -> list[str]:
    """Return ids for the empty rows of a template, by which a second upload knows the first one's posts."""
    start = uuid7().hex[-10:]
    return [f"{start}-{number:03d}" for number in range(1, count + 1)]
