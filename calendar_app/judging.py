"""What a row of a file asks for: a new post, changes to one, or something to mend, said by cell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _
from django.utils.translation import override

from calendar_app.columns import (
    CAMPAIGN,
    CELL_MAX,
    CHANNELS,
    DAY,
    LABELS,
    LANGUAGE,
    PERSON,
    ROW_ID,
    SAID,
    STATE,
    TEXT,
    TIME,
    TITLE,
    ZONE,
    Names,
    heading,
)
from calendar_app.content import instant_text
from calendar_app.reading import Line, Table
from calendar_app.states import EDITABLE, MOVABLE, SCHEDULABLE, PostState, RowAction
from calendar_app.times import moment_at
from calendar_app.wall_texts import read_day, read_time
from teams.models import LANGUAGES
from teams.sheets import harmless, unharmed

TITLE_MAX, TEXT_MAX, LABEL_MAX = 200, 50_000, 60
PLANNED = (DAY, TIME, ZONE)
AT = "scheduled_at"
_LANGUAGES = {
    **{code.casefold(): code for code, _name in LANGUAGES},
    **{str(name).casefold(): code for code, name in LANGUAGES},
}


@dataclass(frozen=True, slots=True)
class House:
    """What rows are judged by: names with their ids (None where two things have one), zone, order of days, clock.

    `usable` are the channels one may write for, `fallback` those of rows that name none.
    """

    names: Names
    channels: Mapping[str, str | None]
    campaigns: Mapping[str, str | None]
    usable: frozenset[str]
    fallback: tuple[str, ...]
    zone: str
    order: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A post that a row is about: as it stands, and what it said when the file was made."""

    id: UUID
    version: int
    state: str
    author: str
    said: Mapping[str, str]
    before: Mapping[str, str]


@dataclass(slots=True)
class Judged:
    """What a row would do."""

    action: str = RowAction.CREATE
    wanted: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Case:
    """A row being judged: its cells, the post that it is about where there is one, and what is found."""

    line: Line
    table: Table
    house: House
    standing: Standing | None
    found: Judged

    @property
    def cells(self) -> Mapping[str, str]:
        return self.line.cells

    @property
    def wanted(self) -> dict[str, Any]:
        return self.found.wanted

    def object_to(self, column: str, message: str, *, blocking: bool = True) -> None:
        """Say what is wrong with a cell, or only what is worth knowing."""
        place = self.table.place(self.line.number, column)
        self.found.problems.append({"cell": place, "message": message, "blocking": blocking})


def named_once(names: Mapping[str, str]) -> dict[str, str | None]:
    """Return ids by name in small letters; None for a name that several things have."""
    found: dict[str, str | None] = {}
    for ident, name in names.items():
        key = name.strip().casefold()
        found[key] = None if key in found else ident
    return found


def judge(line: Line, table: Table, house: House, standing: Standing | None) -> Judged:
    """Judge one row; nothing is asked of the database."""
    found = Judged()
    case = _Case(line, table, house, standing, found)
    asked = (
        {name: text for name, text in line.cells.items() if text.strip()}
        if standing is None
        else _differing(case, standing)
    )
    _read_only(case)
    _words(case, asked)
    _channels(case, asked)
    _sorting(case, asked)
    _time(case, asked)
    if standing is not None:
        _against_state(case, standing)
    if any(problem["blocking"] for problem in found.problems):
        found.action = RowAction.BAD
    elif standing is not None:
        found.action = RowAction.UPDATE if found.wanted else RowAction.SAME
    return found


def _differing(case: _Case, standing: Standing) -> dict[str, str]:
    """Return the cells that were changed in the file; one that was changed here too, otherwise, is a clash."""
    asked: dict[str, str] = {}
    cells, house = case.cells, case.house
    for name in SAID:
        if not case.table.has(name):
            continue
        text = cells.get(name, "")
        if is_same(name, text, standing.before[name], house) or is_same(
            name, text, standing.said[name], house
        ):
            continue
        if not is_same(name, standing.before[name], standing.said[name], house):
            message = _("%(column)s was changed here too since the file was made. It now says “%(words)s”.")
            words = {"column": heading(name), "words": standing.said[name][:80]}
            case.object_to(name, message % words)
            continue
        asked[name] = text
    return asked


def is_same(name: str, text: str, said: str, house: House) -> bool:
    """Tell whether a cell says what a post says, however a spreadsheet wrote it."""
    if name in (DAY, TIME, CHANNELS, LABELS, LANGUAGE, CAMPAIGN):
        return bool(_plain(name, text, house) == _plain(name, said, house))
    kept = unharmed(harmless(said.replace("\r\n", "\n"))[:CELL_MAX])
    return text.strip() in (kept.strip(), said.strip())


def _plain(name: str, text: str, house: House) -> Any:
    text = text.strip()
    if name == DAY:
        return read_day(text, house.order) or text
    if name == TIME:
        return read_time(text) or text
    if name == LANGUAGE:
        return _LANGUAGES.get(text.casefold(), text)
    if name in (CHANNELS, LABELS):
        known = house.channels if name == CHANNELS else {}
        return sorted(part.casefold() for part in parts_of(text, known))
    return text.casefold()


def parts_of(text: str, known: Iterable[str]) -> list[str]:
    """Return the names in a cell; a known one may itself hold commas."""
    pieces = text.replace(";", ",").replace("\n", ",").split(",")
    names, found, start = set(known), [], 0
    while start < len(pieces):
        ends = range(len(pieces), start, -1)
        end = next((at for at in ends if ",".join(pieces[start:at]).strip().casefold() in names), start + 1)
        part = ",".join(pieces[start:end]).strip()
        if part:
            found.append(part)
        start = end
    return found


def _read_only(case: _Case) -> None:
    standing = case.standing
    state = case.cells.get(STATE, "").strip().casefold()
    if state and state not in _words_for(standing.state if standing else PostState.DRAFT):
        case.object_to(STATE, _("A file changes no state: approval and publishing do."), blocking=False)
    person = case.cells.get(PERSON, "").strip()
    if person and standing and person != standing.author:
        case.object_to(PERSON, _("A file does not change whose post it is."), blocking=False)


@cache
def _words_for(state: str) -> frozenset[str]:
    """Return how a state is written in the languages of the interface."""
    found = {state}
    for code, _name in LANGUAGES:
        with override(code):
            found.add(str(PostState(state).label).casefold())
    return frozenset(found)


def _words(case: _Case, asked: Mapping[str, str]) -> None:
    text, title = asked.get(TEXT), asked.get(TITLE)
    if case.standing is None and not (text or title or "").strip():
        case.object_to(TEXT, _("Write a text or a title."))
    for name, value, most in ((TEXT, text, TEXT_MAX), (TITLE, title, TITLE_MAX)):
        if value is None:
            continue
        if len(value) > most:
            message = _("This has %(n)d characters; at most %(most)d fit.") % {"n": len(value), "most": most}
            case.object_to(name, message)
        elif "\x00" in value:
            case.object_to(name, _("This holds a character that cannot be stored."))
        else:
            case.wanted[name] = value.strip() if name == TITLE else value


def _channels(case: _Case, asked: Mapping[str, str]) -> None:
    named = parts_of(asked.get(CHANNELS, ""), case.house.channels)
    idents = list(dict.fromkeys(ident for name in named if (ident := _channel(case, name))))
    if case.standing is None and not named:
        idents = list(case.house.fallback)
        if not idents:
            message = _("No channel is named: it becomes a draft without one.")
            case.object_to(CHANNELS, message, blocking=False)
    if case.standing is None or CHANNELS in asked:
        case.wanted[CHANNELS] = idents


def _channel(case: _Case, name: str) -> str | None:
    ident = case.house.channels.get(name.casefold(), "")
    if ident is None:
        case.object_to(CHANNELS, _("Several channels are called “%(name)s”.") % {"name": name})
    elif not ident:
        case.object_to(CHANNELS, _("There is no channel “%(name)s”.") % {"name": name})
    elif ident not in case.house.usable:
        case.object_to(CHANNELS, _("You may not write for “%(name)s”.") % {"name": name})
    return ident


def _sorting(case: _Case, asked: Mapping[str, str]) -> None:
    if CAMPAIGN in asked:
        name = asked[CAMPAIGN].strip()
        ident = case.house.campaigns.get(name.casefold(), "") if name else ""
        if name and ident is None:
            case.object_to(CAMPAIGN, _("Several campaigns are called “%(name)s”.") % {"name": name})
        elif name and not ident:
            case.object_to(CAMPAIGN, _("There is no campaign “%(name)s”.") % {"name": name})
        case.wanted[CAMPAIGN] = ident or None
    if LABELS in asked:
        names = parts_of(asked[LABELS], ())
        if any(len(name) > LABEL_MAX for name in names):
            case.object_to(LABELS, _("A label has at most 60 characters."))
        case.wanted[LABELS] = names
    if LANGUAGE in asked:
        code = _LANGUAGES.get(asked[LANGUAGE].strip().casefold(), "")
        if asked[LANGUAGE].strip() and not code:
            case.object_to(LANGUAGE, _("There is no such language here."))
        case.wanted[LANGUAGE] = code


def _time(case: _Case, asked: Mapping[str, str]) -> None:
    if not any(name in asked for name in PLANNED):
        return
    known = case.standing.said if case.standing else {}
    said = {name: case.cells.get(name, known.get(name, "")).strip() for name in PLANNED}
    if not said[DAY] and not said[TIME]:
        if case.standing is not None:
            case.wanted[AT] = None
        return
    day, at = read_day(said[DAY], case.house.order), read_time(said[TIME])
    if day is None:
        case.object_to(DAY, _("Give a day as in 2026-03-19."))
    if at is None:
        case.object_to(TIME, _("Give a time as in 09:30."))
    zone = said[ZONE] or case.house.zone
    if zone not in _zones():
        message = _("There is no zone of this name. Leave it empty for %(zone)s.")
        case.object_to(ZONE, message % {"zone": case.house.zone})
    elif day is not None and at is not None:
        _plan(case, datetime.combine(day, at), zone)


@cache
def _zones() -> frozenset[str]:
    """Return the names of all zones; finding them reads the disk, which ten thousand rows would wait for."""
    return frozenset(available_timezones())


def _plan(case: _Case, wall: datetime, zone: str) -> None:
    moment = moment_at(wall, zone)
    if moment.instant <= case.house.now:
        case.object_to(DAY, _("This time is over. Choose a later one."))
        return
    if moment.is_shifted:
        local = moment.instant.astimezone(ZoneInfo(zone))
        message = _("The clock skips this hour: it becomes %(time)s.") % {"time": f"{local:%H:%M}"}
        case.object_to(TIME, message, blocking=False)
    case.wanted[AT] = instant_text(moment.instant)


def _against_state(case: _Case, standing: Standing) -> None:
    """Say where the state forbids what is asked, or what it costs."""
    if not case.wanted:
        return
    only_time = set(case.wanted) == {AT}
    words = {"state": PostState(standing.state).label}
    if standing.state not in (MOVABLE if only_time else EDITABLE):
        case.object_to(ROW_ID, _("This post is “%(state)s”: it cannot be changed any more.") % words)
    elif standing.state in SCHEDULABLE and not only_time:
        message = _("This post is “%(state)s”: with other words it loses its approval.") % words
        case.object_to(ROW_ID, message, blocking=False)
