"""English texts of ours found where Malay ones are due: a page or a mail against the catalogue's sources."""

import re
from functools import cache, cached_property
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.pofile import read_po

from collab.messages import catalogue_path

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>")
WORD = re.compile(r"[A-Za-z]{2,}")
SAID = {"title", "aria-label", "placeholder", "alt", "data-hotkey-label", "data-palette", "data-toast-text"}
SILENT = {"script", "style", "noscript", "code", "kbd"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}


class Texts(HTMLParser):
    """Collects what a page says: its text, the attributes that are read out or shown, and the words of scripts.

    What is marked as of another language (`lang`), and what people wrote (`data-said`), is not collected.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the attributes, and leave out what is not ours to say."""
        said = dict(attrs)
        if self.skipped or tag in SILENT or (said.get("lang", "ms") != "ms" and tag != "option"):
            if tag not in VOID:
                self.skipped.append(tag)
            return
        for name, value in attrs:
            spoken = (
                name in SAID
                or name.startswith("data-say-")
                or (tag == "input" and name == "value" and said.get("type") == "submit")
            )
            if value and (spoken or (name.startswith("data-") and name.endswith("-value"))):
                self.found.append(value)

    def handle_endtag(self, tag: str) -> None:
        """Come out of what was left out."""
        if self.skipped and tag == self.skipped[-1]:
            self.skipped.pop()

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if not self.skipped and data.strip():
            self.found.append(data)


class Catalogue:
    """The catalogue's sources, as they would show where a text stayed English."""

    @cached_property
    def sources(self) -> tuple[set[str], list[re.Pattern[str]]]:
        """Return the plain sources, and patterns for those with places to fill."""
        with catalogue_path(ROOT, "ms").open("rb") as file:
            messages = [each for each in read_po(file, locale="ms") if each.id]
        malay = {part for each in messages for form in _forms(each.string) for part in _parts(form)}
        english = {part for each in messages for form in _forms(each.id) for part in _parts(form)} - malay
        plain = {part for part in english if not PLACE.search(part)}
        return plain, [_pattern(part) for part in english - plain]

    def english(self, text: str) -> bool:
        """Tell whether a text is an English source of ours."""
        plain, patterns = self.sources
        said = _plain(text)
        return said in plain or any(pattern.fullmatch(said) for pattern in patterns)


def translated(text: str) -> str:
    """Return the Malay of a text of ours. Raises: KeyError where it has none."""
    return _malay()[text]


@cache
def _malay() -> dict[str, str]:
    with catalogue_path(ROOT, "ms").open("rb") as file:
        return {each.id: each.string for each in read_po(file, locale="ms") if isinstance(each.id, str)}


def said_on(page: str) -> list[str]:
    """Return everything that a page says."""
    reader = Texts()
    reader.feed(page)
    return reader.found


def _forms(text: object) -> list[str]:
    return [text] if isinstance(text, str) else [each for each in text or () if each]


def _parts(text: str) -> list[str]:
    """Return the pieces between tags and line ends, as they stand in a page's text or a mail's lines."""
    pieces = re.split(r"<[^>]+>|\n", text.replace("%%", "%"))
    return [piece for piece in map(_plain, pieces) if WORD.search(PLACE.sub("", piece))]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _pattern(part: str) -> re.Pattern[str]:
    """Return how a text looks with its places filled; beside a single word only numbers count as filling."""
    filling = ".+?" if len(WORD.findall(PLACE.sub("", part))) >= 2 else r"[\d.,]+"
    return re.compile(filling.join(re.escape(piece) for piece in PLACE.split(part)))
