"""How networks read a text: lengths, links, control characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.protocol import Counting
from networks.texts import clean, count_graphemes, count_mastodon, links, measure


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("kopi", 4),
        ("👨‍👩‍👧‍👦", 1),
        ("🇲🇾🇸🇬", 2),
        ("e\u0301", 1),
        ("क्षि", 1),
        ("క్ష్మి", 1),
        ("👋🏽", 1),
        ("\r\n", 1),
        ("a\u200db", 2),
    ],
)
def test_graphemes_are_what_a_reader_sees(text, length):
    assert count_graphemes(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("https://acme.test/a-very-long-address-that-goes-on-and-on", 23),
        ("Menu: https://a.my.", 6 + 23 + 1),
        ("(https://acme.test/x)", 1 + 23 + 1),
        ("https://en.wikipedia.org/wiki/Kopi_(drink)", 23),
        ("@reader@mastodon.social hai", 7 + 4),
        ("@reader hai", 7 + 4),
        ("ben@acme.test", 13),
        ("acme.test", 9),
        ("🇲🇾🇲🇾", 2),
    ],
)
def test_mastodon_counts_links_and_mentions_in_its_own_way(text, length):
    assert count_mastodon(text) == length


def test_the_length_of_links_is_the_servers():
    assert measure("https://acme.test/menu", Counting.MASTODON, 30) == 30


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Lihat https://acme.test/menu?a=1&b=2#x.", ["https://acme.test/menu?a=1&b=2#x"]),
        ("(https://acme.test)", ["https://acme.test"]),
        ("https://en.wikipedia.org/wiki/Kopi_(drink), ok", ["https://en.wikipedia.org/wiki/Kopi_(drink)"]),
        ("acme.com.my/menu dan kopi.my!", ["https://acme.com.my/menu", "https://kopi.my"]),
        ("Sedap kopi.Hari ini", []),
        ("ben@acme.com @acme.test", []),
        ("“https://acme.test”", ["https://acme.test"]),
        ("HTTPS://ACME.test", ["HTTPS://ACME.test"]),
        ("3.5 jam, v1.2.3, a.b.c", []),
    ],
)
def test_links_are_found_as_readers_expect(text, found):
    assert [link.value for link in links(text)] == found


def test_cleaning_leaves_words_and_takes_what_cannot_be_seen():
    assert clean("  Kopi\r\nsatu\rdua\x00\x07\u0085 \n") == "Kopi\nsatu\ndua"
    assert clean("cafe\u0301") == "café"


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text):
    assert clean(clean(text)) == clean(text)


@given(st.text(max_size=200))
def test_links_stand_where_they_say(text):
    for link in links(text):
        assert link.value.endswith(text[link.start : link.end])
