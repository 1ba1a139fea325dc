"""How networks read a text: what they count, and where its links, mentions and hashtags stand."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from networks.protocol import Counting

_GRAPHEME = regex.compile(r"\X")
_CONTROL = regex.compile(r"[\p{Cc}--[\n\t]]|\p{Cs}", regex.VERSION1)
_BARE_ENDS = (
    "com|net|org|edu|gov|int|info|biz|name|io|co|me|tv|ai|app|dev|page|blog|news|shop|store|social|online|site|xyz|link"
    "|asia|test|my|sg|id|th|vn|ph|bn|kh|la|mm|cn|hk|tw|jp|kr|in|au|nz|uk|ie|fr|de|at|ch|it|es|pt|nl|be|lu|dk|no|se|fi"
    "|pl|cz|sk|hu|ro|gr|tr|us|ca|mx|br|ar|cl|za|ng|ke|ae|sa|il|eu"
)
"""The last labels by which a host without https:// is taken for a link; “kopi.Hari” is none."""
_LINK = regex.compile(
    r"(?<![\p{L}\p{N}@/._-])(?:https?://[^\s<>\"]+"
    rf"|(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+(?:{_BARE_ENDS})(?![\p{{L}}\p{{N}}@-]|\.[\p{{L}}\p{{N}}])(?:[/?#][^\s<>\"]*)?)",
    regex.IGNORECASE,
)
_TRAILING = ".,;:!?'\"”’…"
MASTODON_LINK_LENGTH = 23
X_LINK_LENGTH = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that X counts once; all others count twice, and so does an emoji, however it is put together."""
_EMOJI = regex.compile(
    r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|[0-9#*]\uFE0F?\u20E3|\p{RI}\p{RI}|\p{Emoji}\p{Emoji_Modifier}"
)
_MASTODON_LINK = regex.compile(r"https?://[^\s<>\"]+", regex.IGNORECASE)
_MASTODON_MENTION = regex.compile(
    r"(?<![=/\p{L}\p{N}_])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\p{L}\p{N}.-]+[\p{L}\p{N}]",
    regex.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, in characters, with what it stands for."""

    start: int
    end: int
    value: str


def clean(text: str) -> str:
    """Return the text as it will be sent: one kind of line end, composed letters, no control characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return str(_CONTROL.sub("", text)).strip()


def count_graphemes(text: str) -> int:
    """Return how many characters a reader sees. Source: Unicode UAX #29, as the Bluesky server counts."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def count_mastodon(text: str, link_length: int = MASTODON_LINK_LENGTH) -> int:
    """Return the length as Mastodon counts: a link as 23, a mention without its server, the rest in graphemes.

    Source: docs.joinmastodon.org/user/posting/#text and app/validators/status_length_validator.rb, read 2026-11.
    """
    text = _MASTODON_LINK.sub(lambda found: "x" * link_length + _loose_end(found[0]), text)
    return count_graphemes(_MASTODON_MENTION.sub(lambda found: f"@{found[1]}", text))


def answers_of(text: str) -> list[str]:
    """Return the answers of a poll as they are typed in one line, with | between them."""
    return [answer for part in text.split("|") if (answer := " ".join(clean(part).split()))]


def count_utf16(text: str) -> int:
    """Return the length in UTF-16 code units, in which Telegram counts and places what it marks."""
    return len(text.encode("utf-16-le")) // 2


def count_x(text: str, link_length: int = X_LINK_LENGTH) -> int:
    """Return the length as X counts: composed letters weigh by their code point, a link 23, an emoji 2.

    Source: docs.x.com/fundamentals/counting-characters and the configuration v3 of twitter-text, read 2026-11-27.
    """
    text, length = unicodedata.normalize("NFC", text), 0
    for link in reversed(list(links(text))):
        text, length = text[: link.start] + text[link.end :], length + link_length
    for cluster in _GRAPHEME.findall(text):
        is_emoji = _EMOJI.match(cluster) is not None
        length += 2 if is_emoji else sum(_weight(ord(character)) for character in cluster)
    return length


def _weight(point: int) -> int:
    return 1 if any(first <= point <= last for first, last in _LIGHT) else 2


def measure(text: str, counting: Counting | str, link_length: int | None = None) -> int:
    """Return the length of a text as a network counts it."""
    if counting == Counting.MASTODON:
        return count_mastodon(text, link_length or MASTODON_LINK_LENGTH)
    if counting == Counting.WEIGHTED:
        return count_x(text, link_length or X_LINK_LENGTH)
    if counting == Counting.UTF16:
        return count_utf16(text)
    return count_graphemes(text) if counting == Counting.GRAPHEMES else len(text)


def links(text: str) -> Iterator[Span]:
    """Yield the links of a text, with https:// put before a bare host name."""
    for found in _LINK.finditer(text):
        shown = found[0][: len(found[0]) - len(_loose_end(found[0]))]
        address = shown if "://" in shown else f"https://{shown}"
        yield Span(found.start(), found.start() + len(shown), address)


def _loose_end(link: str) -> str:
    """Return what stands at the end of a link without belonging to it: punctuation, an unopened bracket."""
    end = len(link)
    while end and (link[end - 1] in _TRAILING or (link[end - 1] == ")" and "(" not in link[:end])):
        end -= 1
    return link[end:]
