"""What changed, word by word."""

import pytest

from approvals.wording import changes_between, compare


def marked(before: str, after: str) -> str:
    signs = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
    return "".join(signs[piece.kind].format(piece.text) for piece in compare(before, after))


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ("pukul sepuluh, Sabtu", "pukul sembilan, Sabtu", "pukul [-sepuluh-][+sembilan+], Sabtu"),
        ("Cawan pertama kami", "Cawan pertama untuk awal kami", "Cawan pertama [+untuk awal+] kami"),
        ("one two three", "one three", "one [-two-] three"),
        ("", "all new", "[+all new+]"),
        ("same", "same", "same"),
    ],
)
def test_words_that_changed_are_marked(before, after, seen):
    assert marked(before, after) == seen


def test_variants_that_changed_in_the_same_way_stand_together():
    before = {"Bluesky": "Open at ten.", "Newsroom": "Open at ten.", "Mastodon": "Hello."}
    after = {"Bluesky": "Open at nine.", "Newsroom": "Open at nine.", "Mastodon": "Hello.", "X": "New."}
    assert [change.name for change in changes_between(before, after)] == ["Bluesky, Newsroom", "X"]


def test_long_stretches_that_did_not_change_are_cut():
    filler = "word " * 200
    (change,) = changes_between({"A": f"{filler}ten {filler}"}, {"A": f"{filler}nine {filler}"})
    text = "".join(piece.text for piece in change.pieces)
    assert len(text) < 200
    assert [piece.text for piece in change.pieces if piece.kind != "same"] == ["ten", "nine"]


def test_a_very_long_text_is_compared_as_a_whole():
    before, after = "a " * 5000, "b " * 5000
    assert [piece.kind for piece in compare(before, after)] == ["gone", "new"]
