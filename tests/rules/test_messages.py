"""Every text of the product exists in both languages, and the catalogue is that of the code."""

import ast
import re
import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from activity.words import ACTIONS, NOUNS, subject_words, verb_words
from collab.messages import catalogue_path, compile_all, gather
from tests.rules.code import modules

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>")
SAME_IN_BOTH = {
    "CliftonStrengths",
    "Collab",
    "Label",
    "Video",
    "video",
    "Moderator",
    "OpenID Connect",
    "SAML 2.0",
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


def test_whatever_is_recorded_has_words_in_the_log():
    """A verb or a kind of thing without words would show as English to everybody."""
    calls = [
        node
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and node.args and getattr(node.func, "id", "") in ("record", "Ref")
    ]
    said = [(node.func.id, node.args[0].value) for node in calls if isinstance(node.args[0], ast.Constant)]
    verbs = sorted({text for name, text in said if name == "record"})
    kinds = sorted({text for name, text in said if name == "Ref"})
    assert len(verbs) > 40
    assert [verb for verb in verbs if not (verb_words.find(verb) or verb.rpartition(".")[2] in ACTIONS)] == []
    assert [kind for kind in kinds if not (subject_words.find(kind) or kind in NOUNS)] == []


def test_no_word_serves_two_meanings(malay):
    """What somebody did to something is said otherwise than the state it is in."""
    approved = [(message.context, message.string) for message in malay if message.id == "approved"]
    assert sorted(approved, key=str) == [("activity", "meluluskan"), (None, "diluluskan")]
    review = {"In review", "in review", "This post is not in review."}
    said = {message.id: message.string.lower() for message in malay if isinstance(message.id, str)}
    assert all("semakan" in said[text] for text in review)
    revision = [text for text in said if re.search(r"\brevisions?\b", text, re.IGNORECASE)]
    assert len(revision) > 10
    assert [text for text in revision if "versi" not in said[text]] == []


def _forms(text) -> list[str]:
    forms = [text] if isinstance(text, str) else list(text)
    return forms if forms and all(forms) else []


def _plain(ident: str | tuple[str, ...]) -> str:
    return ident if isinstance(ident, str) else ident[1]
