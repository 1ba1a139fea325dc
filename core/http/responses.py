"""What came back: status, headers, body, and what the other side says about trying again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from core.http.errors import NotReadable

MAX_RETRY_AFTER_SECONDS = 24 * 3600


class Headers(Mapping[str, str]):
    """Header fields by name in any case; repeated ones are joined by a comma, `get_all` keeps them apart."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def get_all(self, name: str) -> list[str]:
        """Return every value of the field in the order received."""
        return list(self._values.get(name.lower(), ()))


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer. Its repr shows no header, body or address: they may hold secrets.

    Units: elapsed_ms counts from the call to the last byte, redirects included.
    """

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    elapsed_ms: int
    url: str = field(repr=False)

    @property
    def ok(self) -> bool:
        """Tell whether the status is a 2xx."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """Return the body as UTF-8, with replacement characters for what is not."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return the body read as JSON.

        Raises: NotReadable for anything else, too deep nesting, too long numbers, NaN and infinities.
        """
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise NotReadable("The answer is not JSON.", answer_status=self.status) from None

    def json_object(self) -> dict[str, Any]:
        """Return the body read as a JSON object.

        Raises: NotReadable, also for JSON that is no object.
        """
        value = self.json()
        if not isinstance(value, dict):
            raise NotReadable("The answer is not a JSON object.", answer_status=self.status)
        return value


def retry_after(
    response: Response, now: datetime, *, cap_seconds: int = MAX_RETRY_AFTER_SECONDS
) -> int | None:
    """Return how many seconds the other side asks to wait, or None when it does not say or says nonsense.

    Units: whole seconds, rounded up, between 0 and the cap; a date that has passed means 0.
    Source: RFC 9110 §10.2.3.
    """
    values = response.headers.get_all("retry-after")
    text = values[0].strip() if values else ""
    if text.isascii() and text.isdigit():
        return cap_seconds if len(text) > 9 else min(int(text), cap_seconds)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return max(0, min(-int(-seconds.total_seconds() // 1), cap_seconds))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
