"""Polls: from what a writer types to what the server takes, within the server's own limits.

Source: docs.joinmastodon.org/methods/statuses/#create (poll), /entities/Instance/#polls, read 2026-11-27.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from networks.protocol import OptionField, Problem
from networks.texts import answers_of, count_graphemes

HOUR = 3600
ENDS = (
    (str(HOUR), gettext_lazy("1 hour")),
    (str(6 * HOUR), gettext_lazy("6 hours")),
    (str(24 * HOUR), gettext_lazy("1 day")),
    (str(3 * 24 * HOUR), gettext_lazy("3 days")),
    (str(7 * 24 * HOUR), gettext_lazy("7 days")),
)
USUAL_END = 24 * HOUR
OPTION_FIELDS = (
    OptionField("poll", gettext_lazy("Answers of a poll, with | between them"), text_max=400),
    OptionField("poll_ends", gettext_lazy("The poll ends after"), choices=ENDS),
    OptionField("poll_multiple", gettext_lazy("Several answers may be chosen"), is_flag=True),
)
_USUAL = {
    "max_options": 4,
    "max_characters_per_option": 50,
    "min_expiration": 300,
    "max_expiration": 2_629_746,
}


def polls_of(document: Mapping[str, Any]) -> dict[str, int]:
    """Return what the server's description allows of polls; what it leaves out is taken as Mastodon's own default."""
    configuration = document.get("configuration")
    said = configuration.get("polls") if isinstance(configuration, Mapping) else None
    said = said if isinstance(said, Mapping) else {}
    return {
        name: said[name] if isinstance(said.get(name), int) and said[name] > 0 else usual
        for name, usual in _USUAL.items()
    }


def poll_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the poll of a variant, or nothing."""
    answers = answers_of(str(options.get("poll", "")))
    if not answers:
        return {}
    ends = str(options.get("poll_ends") or USUAL_END)
    return {
        "options": answers,
        "expires_in": int(ends) if ends.isascii() and ends.isdigit() else 0,
        "multiple": bool(options.get("poll_multiple")),
    }


def poll_problems(poll: Mapping[str, Any], facts: Mapping[str, Any], *, has_files: bool) -> Iterator[Problem]:
    """Yield what the server would refuse of a poll."""
    most = {**_USUAL, **facts.get("polls", {})}
    if not 2 <= len(poll["options"]) <= most["max_options"]:
        message = _("A poll has 2 to %(most)s answers.") % {"most": most["max_options"]}
        yield Problem("poll_answers", message)
    if len(set(poll["options"])) < len(poll["options"]):
        yield Problem("poll_twice", _("An answer of the poll stands there twice."))
    longest = max(count_graphemes(answer) for answer in poll["options"])
    if longest > most["max_characters_per_option"]:
        message = _("An answer of a poll has %(most)s characters at most.")
        yield Problem("poll_answer_too_long", message % {"most": most["max_characters_per_option"]})
    if not most["min_expiration"] <= poll["expires_in"] <= most["max_expiration"]:
        yield Problem("poll_ends", _("The server takes no poll of this length."))
    if has_files:
        yield Problem("poll_with_files", _("A post has either a poll or files."))


def is_same_poll(status: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Tell whether a status asks what the payload asks."""
    asked = status.get("poll") or {}
    return [str(option["title"]) for option in asked.get("options", [])] == list(
        payload.get("poll", {}).get("options", [])
    )
