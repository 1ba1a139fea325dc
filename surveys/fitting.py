"""What a result may hold: types and themes that exist, rankings without doubles; faults are named by their place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from core.errors import Invalid
from surveys.personality import (
    FEWEST_THEMES,
    MBTI_TYPES,
    MOST_REWARDS,
    MOST_THEMES,
    THEMES,
    Reward,
    TraitKind,
)
from teams.models import DutyKind

MOST_NOTE = 500
NEAR = 0.6
"""How alike two words are, of 1, for one to be proposed for the other."""

_NUMBER = re.compile(r"\s*(\d{1,3})\s*[.):-]?\s*")


@dataclass(frozen=True, slots=True)
class Named:
    """A theme as it was written, and where: a cell such as B7, a line, or a place in a list."""

    place: str
    text: str


def fit_value(kind: TraitKind, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a result. Raises: Invalid with the field and its reasons."""
    if not isinstance(value, Mapping):
        raise _invalid("value", [_("Send an object.")])
    return {
        TraitKind.MBTI: _fit_type,
        TraitKind.STRENGTHS: _fit_themes,
        TraitKind.MOTIVATION: _fit_motivation,
        TraitKind.OTHER: _fit_words,
    }[kind](value)


def fit_type(text: str) -> str:
    """Return one of the sixteen types. Raises: Invalid."""
    wanted = text.strip().upper()
    if wanted not in MBTI_TYPES:
        raise _invalid("type", [_("“%(text)s” is none of the sixteen types.") % {"text": text.strip()[:20]}])
    return wanted


def fit_ranking(named: Sequence[Named]) -> list[str]:
    """Return themes by their exact names, in order. Raises: Invalid that names the place of each fault."""
    faults: list[str] = []
    seen: dict[str, str] = {}
    for one in named:
        theme = theme_named(one.text)
        if theme is None:
            faults.append(_unknown(one))
        elif theme in seen:
            facts = {"place": one.place, "theme": theme, "first": seen[theme]}
            faults.append(_("%(place)s: %(theme)s stands at %(first)s already.") % facts)
        else:
            seen[theme] = one.place
    if not faults and not FEWEST_THEMES <= len(named) <= MOST_THEMES:
        facts_ = {"count": len(named), "fewest": FEWEST_THEMES, "most": MOST_THEMES}
        faults.append(_("Give from %(fewest)s to %(most)s themes; here are %(count)s.") % facts_)
    if faults:
        raise _invalid("themes", faults[:MOST_THEMES])
    return list(seen)


def theme_named(text: str) -> str | None:
    """Return the theme of this name, however it is spelt in small and capital letters; None where there is none."""
    wanted = _plain(text)
    return next((theme for theme in THEMES if _plain(theme) == wanted), None)


def lines_of(text: str) -> list[Named]:
    """Return the themes of a typed list: one a line or parted by commas, with or without their numbers."""
    lines = text.splitlines()
    filled = [line for line in lines if line.strip()]
    if len(filled) == 1 and any(mark in filled[0] for mark in ",;"):
        lines = re.split("[,;]", filled[0])
    found = [(number, _NUMBER.sub("", line, count=1).strip()) for number, line in enumerate(lines, start=1)]
    return [Named(_("Line %(number)s") % {"number": number}, words) for number, words in found if words]


def _fit_type(value: Mapping[str, Any]) -> dict[str, Any]:
    _only(value, {"type"})
    return {"type": fit_type(str(value.get("type", "")))}


def _fit_themes(value: Mapping[str, Any]) -> dict[str, Any]:
    _only(value, {"themes"})
    given = _list_of(value, "themes")
    named = [
        Named(_("Place %(number)s") % {"number": number}, text) for number, text in enumerate(given, start=1)
    ]
    return {"themes": fit_ranking(named)}


def _fit_motivation(value: Mapping[str, Any]) -> dict[str, Any]:
    _only(value, {"rewards", "wants", "note"})
    rewards, wants = _list_of(value, "rewards"), _list_of(value, "wants")
    fields: dict[str, list[str]] = {}
    if not 1 <= len(rewards) <= MOST_REWARDS:
        fields["rewards"] = [_("Choose from one to %(count)s rewards.") % {"count": MOST_REWARDS}]
    elif len(set(rewards)) < len(rewards):
        fields["rewards"] = [_("Choose each reward once.")]
    elif not set(rewards) <= set(Reward.values):
        fields["rewards"] = [_("Choose rewards of the list.")]
    kinds = _kinds(wants)
    if kinds is None:
        fields["wants"] = [_("Choose kinds of work of this workspace.")]
    note = str(value.get("note", "")).strip()
    if len(note) > MOST_NOTE:
        fields["note"] = [_("A note has at most 500 characters.")]
    if fields:
        raise Invalid(next(iter(fields.values()))[0], fields=fields)
    return {"rewards": rewards, "wants": kinds, "note": note}


def _kinds(wants: Iterable[str]) -> list[str] | None:
    try:
        ids = list(dict.fromkeys(UUID(one) for one in wants))
    except ValueError:
        return None
    known = set(DutyKind.objects.filter(pk__in=ids[:200]).values_list("pk", flat=True))
    return [str(one) for one in ids] if known == set(ids) else None


def _fit_words(value: Mapping[str, Any]) -> dict[str, Any]:
    _only(value, {"text"})
    words = str(value.get("text", "")).strip()
    if not 1 <= len(words) <= MOST_NOTE:
        raise _invalid("text", [_("Write the result, in at most 500 characters.")])
    return {"text": words}


def _list_of(value: Mapping[str, Any], name: str) -> list[str]:
    given = value.get(name) or []
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise _invalid(name, [_("Send a list of texts.")])
    if len(given) > 200:
        raise _invalid(name, [_("This list is too long.")])
    return given


def _only(value: Mapping[str, Any], known: set[str]) -> None:
    unknown = [str(name)[:40] for name in value if name not in known]
    if unknown:
        raise Invalid(_("Unknown fields."), fields={name: [_("Unknown field.")] for name in unknown[:20]})


def _unknown(one: Named) -> str:
    facts = {"place": one.place, "text": one.text[:40]}
    by_word = {_plain(theme): theme for theme in THEMES}
    near = get_close_matches(_plain(one.text[:40]), by_word, n=1, cutoff=NEAR)
    if not near:
        return _("%(place)s: “%(text)s” is none of the 34 themes.") % facts
    words = _("%(place)s: “%(text)s” is none of the 34 themes. Did you mean %(theme)s?")
    return words % {**facts, "theme": by_word[near[0]]}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.casefold())


def _invalid(field: str, reasons: list[str]) -> Invalid:
    return Invalid(reasons[0], fields={field: reasons})
