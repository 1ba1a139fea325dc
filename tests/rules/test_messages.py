"""Every text of the product exists in both languages, and the catalogue is that of the code."""

import re
import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from collab.messages import catalogue_path, compile_all, gather

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>")
SAME_IN_BOTH = {
    "Collab",
    "Label",
}
"""Names, and words that Malay shares with English."""


@pytest.fixture(scope="module")
def malay():
    with catalogue_path(ROOT, "ms").open("rb") as file:
        return read_po(file, locale="ms")


def test_the_catalogue_is_that_of_the_code(malay):
    gathered = {message.id for message in gather(ROOT) if message.id}
    assert gathered ^ {message.id for message in malay if message.id} == set()


def test_every_text_is_filled_in_all_its_forms(malay):
    empty = [message.id for message in malay if message.id and not _forms(message.string)]
    assert empty == []


def test_every_text_differs_from_its_source(malay):
    same = [message.id for message in malay if message.id and message.string == message.id]
    words = [text for text in same if re.search("[A-Za-z]{2}", PLACE.sub("", _plain(text)))]
    assert set(words) - SAME_IN_BOTH == set()


def test_placeholders_and_tags_are_kept(malay):
    wrong = [
        (message.id, form)
        for message in malay
        if message.id
        for form in _forms(message.string)
        if sorted(PLACE.findall(_plain(message.id))) != sorted(PLACE.findall(form))
    ]
    assert wrong == []


def test_the_catalogue_compiles(tmp_path):
    target = catalogue_path(tmp_path, "ms")
    target.parent.mkdir(parents=True)
    shutil.copy(catalogue_path(ROOT, "ms"), target)
    assert [path.name for path in compile_all(tmp_path)] == ["django.mo"]


def _forms(text) -> list[str]:
    forms = [text] if isinstance(text, str) else list(text)
    return forms if forms and all(forms) else []


def _plain(ident: str | tuple[str, ...]) -> str:
    return ident if isinstance(ident, str) else ident[1]
