"""The spreadsheet to be filled away from here: drop-downs of what exists, and how to fill it in both languages."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from calendar_app.columns import (
    CAMPAIGN,
    CHANNELS,
    DAY,
    IN_TEMPLATE,
    LABELS,
    LANGUAGE,
    LINK,
    ROW_ID,
    TEXT,
    TIME,
    TITLE,
    heading,
    names_for,
    new_row_ids,
)
from calendar_app.selectors import channels_for_writing
from teams.actors import Actor
from teams.models import LANGUAGES
from teams.sheets import harmless

ROWS = 300
MOST_CHOICES = 500
WIDTHS = {ROW_ID: 16, DAY: 12, TIME: 9, CHANNELS: 26, TITLE: 26, TEXT: 70, LINK: 30, CAMPAIGN: 24, LABELS: 24}
HOW: Mapping[str, Any] = {
    ROW_ID: gettext_lazy(
        "Leave it as it is. By it a second upload changes the post instead of making another."
    ),
    DAY: gettext_lazy(
        "The day, as in 2026-03-19 or 19/03/2026. Leave day and time empty for an idea without a date."
    ),
    TIME: gettext_lazy("The time by this workspace's clock, as in 09:30 or 9:30 pm."),
    CHANNELS: gettext_lazy("One from the list; for several type their names with commas between them."),
    TITLE: gettext_lazy("For the newsroom and for your own lists. May stay empty."),
    TEXT: gettext_lazy("What the post says. Alt+Enter begins a new line."),
    LINK: gettext_lazy("Is put at the end of the text."),
    CAMPAIGN: gettext_lazy("One from the list, or empty."),
    LABELS: gettext_lazy("Words with commas between them; new ones are made."),
    LANGUAGE: gettext_lazy("The language of the text, or empty."),
}
RULES: Sequence[Any] = (
    gettext_lazy("Fill a row for each post, then upload the file under Posts, “From a file”."),
    gettext_lazy("You see first what would come in, and each cell to mend. Good rows come in without the others."),
    gettext_lazy("Posts come in as drafts, or are submitted for approval. No file approves or publishes anything."),
    gettext_lazy("Columns may be moved, and those you do not need deleted; keep the first row."),
    gettext_lazy("What somebody changed in Collab in the meantime is not overwritten: you are asked."),
)  # fmt: skip


def template_for(by: Actor) -> bytes:
    """Return the workbook in the language that is active, with what the actor may choose from."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _("Posts")
    _head(sheet)
    for number, ident in enumerate(new_row_ids(ROWS), start=2):
        cell = sheet.cell(number, 1, ident)
        cell.font = Font(color="8A8A8A")
    _guide(book.create_sheet(_("How to fill it")))
    _lists(book, sheet, by)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _head(sheet: Any) -> None:
    for column, name in enumerate(IN_TEMPLATE, start=1):
        cell = sheet.cell(1, column, heading(name))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0F6B6B")
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = WIDTHS.get(name, 18)
        styles = {DAY: "yyyy-mm-dd", TIME: "hh:mm"}
        for number in range(2, ROWS + 2):
            each = sheet.cell(number, column)
            each.number_format = styles.get(name, "@")
            each.alignment = Alignment(vertical="top", wrap_text=name == TEXT)
            each.protection = Protection(locked=name == ROW_ID)
    sheet.freeze_panes = "B2"


def _guide(sheet: Any) -> None:
    """Write how to fill it, in every language of the interface side by side."""
    for column, (code, name) in enumerate(LANGUAGES):
        at = 1 + 2 * column
        with override(code):
            rows = [(name, ""), *((rule, "") for rule in map(str, RULES)), ("", "")]
            rows += [(heading(each), str(HOW[each])) for each in IN_TEMPLATE]
        for number, (what, how) in enumerate(rows, start=1):
            sheet.cell(number, at, what).font = Font(bold=number == 1 or bool(how))
            sheet.cell(number, at + 1, how).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(at)].width = 18
        sheet.column_dimensions[get_column_letter(at + 1)].width = 74


def _lists(book: Workbook, sheet: Any, by: Actor) -> None:
    """Add drop-downs; what is chosen from stands on a sheet of its own, which nobody needs to see."""
    names = names_for(by)
    usable = [
        names.channels[str(row.pk)] for row in channels_for_writing(by) if str(row.pk) in names.channels
    ]
    choices: Mapping[str, Sequence[str]] = {
        CHANNELS: usable,
        CAMPAIGN: sorted(set(names.campaigns.values())),
        LABELS: sorted(names.labels.values()),
        LANGUAGE: [str(name) for _code, name in LANGUAGES],
    }
    lists = book.create_sheet("Lists")
    lists.sheet_state = "hidden"
    for at, (name, words) in enumerate(choices.items(), start=1):
        for number, word in enumerate(words[:MOST_CHOICES], start=1):
            cell = lists.cell(number, at, harmless(word))
            cell.data_type = "s"
        if words:
            letter, count = get_column_letter(at), min(len(words), MOST_CHOICES)
            is_strict = name in (CAMPAIGN, LANGUAGE)
            rule = DataValidation("list", formula1=f"Lists!${letter}$1:${letter}${count}", allow_blank=True)
            rule.showErrorMessage = is_strict
            _over_column(sheet, name, rule)
    day = DataValidation("date", operator="greaterThan", formula1="36526", allow_blank=True)
    day.error = _("Give a day as in 2026-03-19.")
    _over_column(sheet, DAY, day)
    clock = DataValidation("time", operator="between", formula1="0", formula2="0.99999", allow_blank=True)
    clock.error = _("Give a time as in 09:30.")
    _over_column(sheet, TIME, clock)


def _over_column(sheet: Any, name: str, rule: DataValidation) -> None:
    letter = get_column_letter(IN_TEMPLATE.index(name) + 1)
    rule.prompt = str(HOW[name])[:250]
    rule.showInputMessage = True
    sheet.add_data_validation(rule)
    rule.add(f"{letter}2:{letter}{ROWS + 1}")
