"""Results from a CSV file: a type, a ranking, other results; each fault names its cell."""

import csv
import io
import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core.errors import Invalid
from surveys.fitting import Named, fit_ranking, fit_type, theme_named
from surveys.personality import MBTI_TYPES, MOST_THEMES

MOST_BYTES = 64 * 1024
MOST_ROWS = 200
MOST_FAULTS = 40
TYPE_WORDS = {"mbti", "type", "mbti type"}
OTHER_WORDS = {"other", "another"}
HEAD_WORDS = {"rank", "theme", "strength", "kind", "name", "value", "result", "place", "#", "no", "no."}
_RANK = re.compile(r"\d{1,2}")


@dataclass(slots=True)
class Found:
    """What a file holds: a type, themes in their order, other results by name."""

    type: str = ""
    themes: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """A filled cell and where it stands."""

    place: str
    text: str


def read_results(content: bytes) -> Found:
    """Read a file of results.

    A row says `MBTI, INTJ`, `Other, name, result`, `rank, theme` or nothing but themes; a head is passed over. Rows
    with ranks count by rank, others in the order of the file. Raises: Invalid with each fault by its cell.
    """
    rows = _rows(content)
    found, faults = Found(), list[str]()
    ranked: dict[int, Named] = {}
    plain: list[Named] = []
    for row in rows:
        word = row[0].text.casefold().rstrip(":")
        if word in TYPE_WORDS and len(row) > 1 and not _is_head(row):
            _take_type(found, row[1], faults)
        elif word in OTHER_WORDS and len(row) > 1:
            _take_other(found, row, faults)
        elif _is_head(row):
            continue
        elif _RANK.fullmatch(row[0].text.rstrip(".")) and len(row) > 1:
            _take_ranked(ranked, row, faults)
        elif len(row) == 1 and row[0].text.upper() in MBTI_TYPES:
            _take_type(found, row[0], faults)
        else:
            plain += _themes_of(row)
    _rank(found, ranked, plain, faults)
    if faults:
        raise Invalid(_("Nothing was taken from the file."), fields={"file": faults[:MOST_FAULTS]})
    if not (found.type or found.themes or found.others):
        raise _unusable(_("The file holds no result."))
    return found


def _rows(content: bytes) -> list[list[Cell]]:
    if len(content) > MOST_BYTES:
        raise _unusable(_("The file is larger than 64 kB."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(_("Save the file as CSV in UTF-8.")) from None
    if "\x00" in text:
        raise _unusable(_("Save the file as CSV in UTF-8."))
    first = text.lstrip().splitlines()[:1]
    mark = max(",;\t", key=(first[0] if first else "").count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=mark, strict=True))
    except csv.Error:
        raise _unusable(_("This is no CSV file: a quotation mark is not closed.")) from None
    if len(rows) > MOST_ROWS:
        raise _unusable(_("The file has more than %(count)s rows.") % {"count": MOST_ROWS})
    found = [
        [
            Cell(f"{_column(at)}{number}", text.strip()[:200])
            for at, text in enumerate(row[:60])
            if text.strip()
        ]
        for number, row in enumerate(rows, start=1)
    ]
    return [row for row in found if row]


def _is_head(row: list[Cell]) -> bool:
    words = {cell.text.casefold() for cell in row}
    return words <= HEAD_WORDS | TYPE_WORDS or any(re.fullmatch(r"theme ?\d+", word) for word in words)


def _take_type(found: Found, cell: Cell, faults: list[str]) -> None:
    if found.type:
        faults.append(_("Cell %(cell)s: a type was given already.") % {"cell": cell.place})
        return
    try:
        found.type = fit_type(cell.text)
    except Invalid as error:
        faults.append(_("Cell %(cell)s: %(reason)s") % {"cell": cell.place, "reason": error.message})


def _take_other(found: Found, row: list[Cell], faults: list[str]) -> None:
    if len(row) < 3:
        faults.append(_("Cell %(cell)s: a name and a result follow here.") % {"cell": row[0].place})
    elif row[1].text in found.others:
        faults.append(_("Cell %(cell)s: this result was given already.") % {"cell": row[1].place})
    else:
        found.others[row[1].text] = row[2].text


def _take_ranked(ranked: dict[int, Named], row: list[Cell], faults: list[str]) -> None:
    rank = int(row[0].text.rstrip("."))
    if not 1 <= rank <= MOST_THEMES:
        faults.append(_("Cell %(cell)s: a rank lies between 1 and 34.") % {"cell": row[0].place})
    elif rank in ranked:
        faults.append(_("Cell %(cell)s: this rank was given already.") % {"cell": row[0].place})
    else:
        ranked[rank] = Named(_in_words(row[1]), row[1].text)


def _themes_of(row: list[Cell]) -> list[Named]:
    """Return the themes of a row without ranks; what stands before the first theme, as a name, is passed over."""
    known = [at for at, cell in enumerate(row) if theme_named(cell.text)]
    start = known[0] if known and len(row) > 1 else 0
    return [Named(_in_words(cell), cell.text) for cell in row[start:]]


def _rank(found: Found, ranked: dict[int, Named], plain: list[Named], faults: list[str]) -> None:
    if ranked and plain:
        faults.append(_("%(place)s: other rows have a rank, this one has none.") % {"place": plain[0].place})
        return
    missing = [rank for rank in range(1, max(ranked, default=0) + 1) if rank not in ranked]
    if missing:
        faults.append(_("Rank %(rank)s is missing.") % {"rank": missing[0]})
    named = [ranked[rank] for rank in sorted(ranked)] or plain
    if not named:
        return
    try:
        found.themes = fit_ranking(named)
    except Invalid as error:
        faults += error.fields["themes"]


def _in_words(cell: Cell) -> str:
    return _("Cell %(cell)s") % {"cell": cell.place}


def _column(at: int) -> str:
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def _unusable(message: str) -> Invalid:
    return Invalid(message, fields={"file": [message]})
