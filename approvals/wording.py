"""What changed between two texts, word by word."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
MOST_TOKENS = 4000
KEPT_AROUND = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: `same`, `gone` or `new`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one variant's text."""

    name: str
    pieces: tuple[Piece, ...]


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return the variants whose text differs; those that changed in the same way stand together."""
    together: dict[tuple[Piece, ...], list[str]] = {}
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            together.setdefault(tuple(shortened(compare(old, new))), []).append(name)
    return [Change(", ".join(names), pieces) for pieces, names in together.items()]


def compare(before: str, after: str) -> list[Piece]:
    """Return the pieces that lead from one text to the other, in reading order."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if len(old) > MOST_TOKENS or len(new) > MOST_TOKENS:
        return _pieces([("gone", before), ("new", after)])
    found: list[tuple[str, str]] = []
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("same", "".join(old[a:b])))
        else:
            found += [("gone", "".join(old[a:b])), ("new", "".join(new[c:d]))]
    return _pieces(_tidied(_joined(found)))


def shortened(pieces: list[Piece]) -> list[Piece]:
    """Cut long stretches that did not change, so that the changes are seen at once."""
    last = len(pieces) - 1
    return [_cut(piece, index == 0, index == last) for index, piece in enumerate(pieces)]


def _cut(piece: Piece, is_first: bool, is_last: bool) -> Piece:
    text = piece.text
    if piece.kind != "same" or len(text) <= 2 * KEPT_AROUND + 20:
        return piece
    head = "" if is_first else text[:KEPT_AROUND].rsplit(" ", 1)[0]
    tail = "" if is_last else text[-KEPT_AROUND:].split(" ", 1)[-1]
    return Piece("same", f"{head} … {tail}".strip() if head and tail else f"{head} … {tail}")


def _joined(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Take a lone space between two changes into them: a changed phrase reads better than changed words."""
    found: list[tuple[str, str]] = []
    for index, (kind, text) in enumerate(parts):
        between = kind == "same" and not text.strip() and 0 < index < len(parts) - 1
        found += [("gone", text), ("new", text)] if between else [(kind, text)]
    merged: list[tuple[str, str]] = []
    run = {"gone": "", "new": ""}
    for kind, text in [*found, ("same", "")]:
        if kind != "same":
            run[kind] += text
            continue
        merged += [("gone", run["gone"]), ("new", run["new"]), ("same", text)]
        run = {"gone": "", "new": ""}
    return merged


def _tidied(parts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave the spaces around what is only new or only gone outside its mark."""
    found: list[tuple[str, str]] = []
    for kind, text in parts:
        if kind == "same" or not text.strip():
            found.append((kind, text))
            continue
        lead = text[: len(text) - len(text.lstrip())]
        trail = text[len(text.rstrip()) :]
        found += [("same", lead), (kind, text.strip()), ("same", trail)]
    return found


def _pieces(parts: list[tuple[str, str]]) -> list[Piece]:
    return [Piece(kind, text) for kind, text in parts if text]
