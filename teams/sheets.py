"""Tables that leave the product: CSV and xlsx, with formulas made harmless; and who looks after what as one."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from teams.coverage import duty_label, reach_in_words
from teams.models import Membership
from teams.overview import DutyFacts, Overview
from teams.scopes import ScopeChoice
from teams.workload import Load

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def duty_table(view: Overview, loads: Mapping[UUID, Sequence[Load]]) -> list[list[str]]:
    """Return a line for each duty, then one for each channel's moderator, then one for each person."""
    head = [
        _("What"),
        _("Kind of work"),
        _("Where"),
        _("Owner"),
        _("Acting now"),
        _("Backups"),
        _("Hours a week"),
    ]
    return [
        head,
        *(_duty_row(view, facts) for facts in view.duties),
        *(_channel_row(view, channel) for channel in view.channels),
        *(_person_row(view, loads[member.pk][0]) for member in view.members),
    ]


def _duty_row(view: Overview, facts: DutyFacts) -> list[str]:
    return [
        duty_label(view, facts),
        str(facts.duty.kind),
        reach_in_words(view, facts),
        _person(facts.owner) or _("nobody"),
        _person(facts.stand_in),
        _people(facts.backups),
        _hours(facts.duty.effort_minutes),
    ]


def _channel_row(view: Overview, channel: ScopeChoice) -> list[str]:
    named, stand_in = view.moderator_of(channel)
    return [_("Moderator"), "", channel.label, _person(named) or _("nobody"), _person(stand_in), "", ""]


def _person_row(view: Overview, load: Load) -> list[str]:
    spent = _("%(total)s of %(capacity)s") % {"total": _hours(load.total), "capacity": _hours(load.capacity)}
    return [_("Person"), "", "", _person(load.member), "", _people(view.backups_for(load.member.pk)), spent]


def _person(member: Membership | None) -> str:
    return member.user.name if member else ""


def _people(people: Sequence[Membership]) -> str:
    return ", ".join(person.user.name for person in people) or _("nobody")


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Return CSV in UTF-8 with the mark by which spreadsheets know it."""
    stream = io.StringIO()
    csv.writer(stream).writerows([harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def as_xlsx(rows: Sequence[Sequence[str]], *, title: str) -> bytes:
    """Return a workbook of one sheet; every cell is text."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(number, column, harmless(value))
            cell.data_type = "s"
            if number == 1:
                cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for column in range(1, len(rows[0]) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 28
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def harmless(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula. Source: OWASP, CSV injection, read 2026-11.

    What looks as if it had been made harmless already is marked once more, so that `unharmed` finds it again.
    """
    value = _UNPRINTABLE.sub(" ", value)
    return f"'{value}" if value.lstrip("'").startswith(FORMULA_STARTS) else value


def unharmed(value: str) -> str:
    """Return what a cell said before it was made harmless."""
    is_marked = value.startswith("'") and value.lstrip("'").startswith(FORMULA_STARTS)
    return value[1:] if is_marked else value


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.1f}"
