"""Filters: what a client asks for, as a condition on rows. Source: RFC 7644 §3.4.2.2."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from teams.scim.errors import BadScim

LONGEST = 1000
DEEPEST = 10
_WORD = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[()\[\]])|(?P<word>[A-Za-z_$][\w$:.\-]*|-?\d+))', re.ASCII
)
_COMPARISONS = {"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}
_LOOKUPS = {
    "eq": "iexact",
    "co": "icontains",
    "sw": "istartswith",
    "ew": "iendswith",
    "gt": "gt",
    "ge": "gte",
    "lt": "lt",
    "le": "lte",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column that an attribute stands for."""

    column: str
    kind: str = "text"


Fields = Mapping[str, Field]
USER_FIELDS: Fields = {
    "id": Field("pk", "id"),
    "username": Field("user_name"),
    "externalid": Field("external_id", "exact"),
    "displayname": Field("display_name"),
    "name.givenname": Field("given_name"),
    "name.familyname": Field("family_name"),
    "name.formatted": Field("display_name"),
    "title": Field("title"),
    "active": Field("is_active", "flag"),
    "emails": Field("email"),
    "emails.value": Field("email"),
    "groups": Field("groups__pk", "id"),
    "groups.value": Field("groups__pk", "id"),
    "meta.created": Field("created_at", "time"),
    "meta.lastmodified": Field("changed_at", "time"),
}
GROUP_FIELDS: Fields = {
    "id": Field("pk", "id"),
    "displayname": Field("name"),
    "externalid": Field("external_id", "exact"),
    "members": Field("people__pk", "id"),
    "members.value": Field("people__pk", "id"),
    "meta.created": Field("created_at", "time"),
    "meta.lastmodified": Field("changed_at", "time"),
}


def condition_of(text: str, fields: Fields) -> Q:
    """Return the condition that a filter sets. Raises: BadScim (`invalidFilter`)."""
    reader = Reader(text, fields)
    found = reader.either(0)
    if reader.peek() is not None:
        raise bad()
    return found


def bad() -> BadScim:
    """Return the error of a filter that cannot be followed."""
    return BadScim("The filter cannot be followed.", "invalidFilter")


def words_of(text: str) -> list[str]:
    """Take a filter apart. Raises: BadScim."""
    if len(text) > LONGEST or "\x00" in text:
        raise bad()
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise bad()
        found.append(match[match.lastgroup or 0])
        at = match.end()
    return found


class Reader:
    """Reads words into a condition, the loosest binding first: or, and, not, comparison."""

    def __init__(self, text: str, fields: Fields) -> None:
        self.words = words_of(text)
        self.fields = fields
        self.at = 0

    def peek(self) -> str | None:
        """Return the next word in lower case, None at the end."""
        return self.words[self.at].lower() if self.at < len(self.words) else None

    def take(self) -> str:
        """Return the next word and go on. Raises: BadScim at the end."""
        if self.at >= len(self.words):
            raise bad()
        self.at += 1
        return self.words[self.at - 1]

    def either(self, depth: int, prefix: str = "") -> Q:
        """Read conditions of which one must hold."""
        found = self.both(depth, prefix)
        while self.peek() == "or":
            self.take()
            found |= self.both(depth, prefix)
        return found

    def both(self, depth: int, prefix: str) -> Q:
        """Read conditions that must all hold."""
        found = self.one(depth, prefix)
        while self.peek() == "and":
            self.take()
            found &= self.one(depth, prefix)
        return found

    def one(self, depth: int, prefix: str) -> Q:
        """Read one condition, perhaps one turned round or in brackets."""
        if depth > DEEPEST:
            raise bad()
        word = self.take()
        if word.lower() == "not" and self.peek() == "(":
            return ~self.one(depth + 1, prefix)
        if word == "(":
            return self._closed(")", depth, prefix)
        name = f"{prefix}{_plain(word)}"
        if self.peek() == "[" and not prefix:
            self.take()
            return self._closed("]", depth, f"{name}.")
        return self._compare(name)

    def _closed(self, end: str, depth: int, prefix: str) -> Q:
        found = self.either(depth + 1, prefix)
        if self.take() != end:
            raise bad()
        return found

    def _compare(self, name: str) -> Q:
        comparison = self.take().lower()
        if name in ("emails.type", "emails.primary"):  # there is one address, and it is all of that
            self.take()
            return Q()
        field = self.fields.get(name)
        if field is None:
            raise bad()
        if comparison == "pr":
            empty = Q(**{f"{field.column}__isnull": True})
            return ~(empty | Q(**{field.column: ""})) if field.kind in ("text", "exact") else ~empty
        if comparison not in _COMPARISONS:
            raise bad()
        value = _READERS[field.kind](_literal(self.take()))
        if comparison == "ne":
            return ~_condition(field, "eq", value)
        return _condition(field, comparison, value)


def _condition(field: Field, comparison: str, value: Any) -> Q:
    if field.kind != "text" and comparison == "eq":
        return Q(**{field.column: value})
    if field.kind in ("id", "flag") or (field.kind == "time" and comparison in ("co", "sw", "ew")):
        raise bad()
    return Q(**{f"{field.column}__{_LOOKUPS[comparison]}": value})


def _plain(word: str) -> str:
    """Return an attribute's name without the schema before it."""
    return word.rpartition(":")[2].lower()


def _literal(word: str) -> Any:
    try:
        return json.loads(word.lower() if word.lower() in ("true", "false", "null") else word)
    except ValueError:
        raise bad() from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise bad()
    return value


def _id(value: Any) -> UUID:
    """Return an id; what is none is nobody's."""
    try:
        return UUID(_text(value))
    except ValueError:
        return UUID(int=0)


def _flag(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise bad()
    return value


def _time(value: Any) -> datetime:
    try:
        found = parse_datetime(_text(value))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise bad()
    return found


_READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "exact": _text,
    "id": _id,
    "flag": _flag,
    "time": _time,
}
