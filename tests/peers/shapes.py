"""Shapes of requests and answers, as vendors' published descriptions give them, and what does not fit them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.peers.serving import Request


class Violation(Exception):
    """Something that the schema does not allow."""


@dataclass(frozen=True)
class Text:
    """A string: a pattern, a set of words, or a greatest length."""

    pattern: str = ""
    words: frozenset[str] = frozenset()
    most: int = 0

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, str):
            raise Violation(f"{at} is no string")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise Violation(f"{at} does not match")
        if self.words and value not in self.words:
            raise Violation(f"{at} is none of the words")
        if self.most and len(value) > self.most:
            raise Violation(f"{at} is too long")


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    def check(self, value: Any, at: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise Violation(f"{at} is no number within bounds")


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, bool):
            raise Violation(f"{at} is no boolean")


@dataclass(frozen=True)
class Many:
    """A list of one sort of thing."""

    of: Any
    least: int = 0
    most: int = 10_000

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            raise Violation(f"{at} is no list within bounds")
        for each in value:
            self.of.check(each, at)


@dataclass(frozen=True)
class Thing:
    """An object: what it needs, what it may hold, and nothing else unless it is open."""

    fields: Mapping[str, Any]
    needs: frozenset[str] = frozenset()
    is_open: bool = False

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise Violation(f"{at} is no object")
        if missing := self.needs - set(value):
            raise Violation(f"{at} lacks {sorted(missing)}")
        if not self.is_open and (unknown := set(value) - set(self.fields)):
            raise Violation(f"{at} holds unknown fields {sorted(unknown)}")
        for name, rule in self.fields.items():
            if name in value:
                rule.check(value[name], f"{at}.{name}")


@dataclass(frozen=True)
class OneOf:
    """One of several objects, told apart by a field."""

    by: str
    things: Mapping[str, Thing]

    def check(self, value: Any, at: str) -> None:
        if not isinstance(value, dict) or value.get(self.by) not in self.things:
            raise Violation(f"{at}.{self.by} is none of the words")
        self.things[value[self.by]].check(value, at)


def needs(*names: str) -> frozenset[str]:
    return frozenset(names)


@dataclass(frozen=True)
class Operation:
    """One operation: whose token may call it, what it takes and what it answers."""

    method: str
    path: str
    scopes: frozenset[str]
    status: int
    answer: Thing
    body: Thing | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    is_form: bool = False

    def fits(self, method: str, path: str) -> re.Match[str] | None:
        return re.fullmatch(self.path, path) if method == self.method else None

    def check_request(self, request: Request, query: Mapping[str, list[str]]) -> Any:
        """Hold a call to what the operation takes, and return its body. Raises: Violation."""
        given = {name: ",".join(values) for name, values in query.items()}
        if unknown := set(given) - set(self.query):
            raise Violation(f"The query parameters {sorted(unknown)} are unknown")
        if missing := self.needs - set(given):
            raise Violation(f"The query lacks {sorted(missing)}")
        for name, value in given.items():
            self.query[name].check(value, name)
        body: Any = None
        if self.is_form:
            fields, files = request.parts()
            body = {**fields, **dict.fromkeys(files, "bytes")}
        elif self.body is not None:
            body = request.json
        if self.body is not None:
            self.body.check(body, "body")
        return body
