"""Files with posts as rows: xlsx and CSV in, plain texts by column out, each with the place of its cell."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from calendar_app.columns import DAY, LINK, TEXT, TIME, WHEN, column_called
from calendar_app.wall_texts import read_when
from core.errors import Invalid
from teams.sheets import unharmed

MOST_ROWS = 10_000
MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 150 * 1024 * 1024
MOST_COLUMNS = 60
MOST_BLANK = 2_000
HEADINGS_WITHIN = 10
PLANNER = (WHEN, TEXT, LINK)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: its number there, and what its cells say by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds; `letters` say where a column stands, `unknown` are headings that mean nothing here."""

    letters: Mapping[str, str]
    lines: Sequence[Line]
    unknown: Sequence[str]

    def place(self, line: int, column: str) -> str:
        """Return the name of a cell, as C14; of a column that the file lacks, its row."""
        known = self.letters.get(column) or (self.letters.get(WHEN) if column in (DAY, TIME) else None)
        return f"{known or ''}{line}"

    def has(self, column: str) -> bool:
        """Tell whether the file says anything in a column, on its own or in one with another."""
        return column in self.letters or (column in (DAY, TIME) and WHEN in self.letters)


_PARTS = re.compile(r"([\d/.-]+)(?:T|,?\s+)(.+)")

Numbered = tuple[int, list[str]]


def read_table(content: bytes) -> Table:
    """Read a file by its content, whatever it is called.

    Raises: Invalid, with a sentence for who uploaded it, for what is no such file or holds too much.
    """
    if len(content) > MOST_BYTES:
        raise Invalid(_("The file is larger than 10 MB. Split it."))
    if not content.strip():
        raise Invalid(_("The file is empty."))
    sheets = _xlsx(content) if content.startswith(b"PK") else [_csv(content)]
    for rows in sheets:
        found = _with_headings(rows) or _planner(rows)
        if found is not None:
            return found
    raise Invalid(
        _(
            "No row names the columns. Keep the first row of the template, or give day and time, message, link."
        )
    )


def _with_headings(rows: list[Numbered]) -> Table | None:
    for at, (_number, cells) in enumerate(rows[:HEADINGS_WITHIN]):
        names = [column_called(cell) for cell in cells]
        if len({name for name in names if name}) < 2 or not {TEXT, WHEN}.intersection(filter(None, names)):
            continue
        letters: dict[str, str] = {}
        places: dict[int, str] = {}
        for column, name in enumerate(names):
            if name and name not in letters:
                letters[name] = get_column_letter(column + 1)
                places[column] = name
        unknown = [cell for column, cell in enumerate(cells) if cell.strip() and column not in places]
        return Table(letters, _lines(rows[at + 1 :], places), unknown)
    return None


def _planner(rows: list[Numbered]) -> Table | None:
    """Return the rows of a planner's file: day and time, message, link, without headings."""
    firsts = [cells[0] for _number, cells in rows[:HEADINGS_WITHIN] if cells and cells[0].strip()]
    if not any(read_when(text, order) for text in firsts for order in ("dmy", "mdy")):
        return None
    letters = {name: get_column_letter(at + 1) for at, name in enumerate(PLANNER)}
    return Table(letters, _lines(rows, dict(enumerate(PLANNER))), [])


def _lines(rows: Iterable[Numbered], places: Mapping[int, str]) -> list[Line]:
    found = []
    for number, cells in rows:
        said = {
            name: unharmed(cells[column].strip("\ufeff"))
            for column, name in places.items()
            if column < len(cells)
        }
        if any(value.strip() for name, value in said.items() if name != "row_id"):
            found.append(Line(number, _parted(said)))
    if len(found) > MOST_ROWS:
        raise Invalid(_("The file has more than 10,000 rows. Split it."))
    return found


def _parted(said: dict[str, str]) -> dict[str, str]:
    """Return a row with day and time apart, and with its link at the end of the text."""
    found = dict(said)
    if (when := found.pop(WHEN, None)) is not None:
        parts = _PARTS.fullmatch(when.strip())
        found[DAY], found[TIME] = (parts[1], parts[2]) if parts else (when, "")
    link = found.pop(LINK, "").strip()
    if link and link not in found.get(TEXT, ""):
        found[TEXT] = f"{found.get(TEXT, '').rstrip()}\n\n{link}".lstrip()
    return found


def _csv(content: bytes) -> list[Numbered]:
    text = _decoded(content)
    if "\x00" in text:
        raise Invalid(_("This is neither an xlsx nor a CSV file."))
    first = text.lstrip().splitlines()[:1]
    mark = max(",;\t", key=(first[0] if first else "").count)
    rows: list[Numbered] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            rows.append((number, [cell.replace("\r\n", "\n") for cell in row[:MOST_COLUMNS]]))
            if number > MOST_ROWS + MOST_BLANK:
                raise Invalid(_("The file has more than 10,000 rows. Split it."))
    except csv.Error:
        raise Invalid(
            _(
                "After row %(row)d the file cannot be read: a quotation mark is not closed, or a cell too long."
            )
            % {"row": len(rows)}
        ) from None
    return rows


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _xlsx(content: bytes) -> Iterator[list[Numbered]]:
    """Yield the rows of each sheet, formulas as what they last came to; what unpacks to too much is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                raise Invalid(_("The file unpacks to too much. Save it as CSV."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                yield _sheet(sheet)
    except Invalid:
        raise
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, TypeError):
        raise Invalid(_("This xlsx file cannot be read. Open it, save it once more and try again.")) from None


def _sheet(sheet: Any) -> list[Numbered]:
    rows: list[Numbered] = []
    blank = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS), start=1):
        cells = [_text(value) for value in row]
        blank = 0 if any(cells) else blank + 1
        if any(cells):
            rows.append((number, cells))
        if blank > MOST_BLANK:
            break
        if len(rows) > MOST_ROWS + MOST_BLANK:
            raise Invalid(_("The file has more than 10,000 rows. Split it."))
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\r\n", "\n")
