"""The facts of X's API that the peer holds requests and its own answers to: operations, scopes, fields, bounds.

Source: the OpenAPI document of X API v2, version 2.167 (github.com/xdevplatform/xdk), read 2026-11-27; only the
operations that the adapter may call, in a form of our own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IDENT = r"[0-9]{1,19}"
REPLIES = {"following", "mentionedUsers", "subscribers", "verified"}


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


def _needs(*names: str) -> frozenset[str]:
    return frozenset(names)


def _data(thing: Thing | Many) -> Thing:
    return Thing({"data": thing}, _needs("data"), is_open=True)


NUMBER = Text(IDENT)
POST = Thing({"id": NUMBER, "text": Text(), "edit_history_post_ids": Many(NUMBER)}, is_open=True)
PROCESSING = Thing({"check_after_secs": Whole(0, 10_000), "progress_percent": Whole(0, 100), "state": Text()})
UPLOADED = Thing(
    {"id": Text(), "media_key": Text(), "expires_after_secs": Whole(0, 10**9), "processing_info": PROCESSING},
    _needs("id"),
    is_open=True,
)
MEDIA_TYPES = frozenset(
    "video/mp4 video/webm video/mp2t video/quicktime text/srt text/vtt image/jpeg image/gif image/bmp image/png"
    " image/webp image/pjpeg image/tiff model/gltf-binary model/vnd.usdz+zip".split()
)
CATEGORIES = frozenset(
    "amplify_video tweet_gif tweet_image tweet_video dm_gif dm_image dm_video subtitles".split()
)


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


CREATE_POST = Operation(
    "POST",
    "/2/tweets",
    _needs("tweet.write", "tweet.read", "users.read"),
    201,
    _data(Thing({"id": NUMBER, "text": Text(), "edit_history_post_ids": Many(NUMBER)}, _needs("id", "text"))),
    body=Thing(
        {
            "text": Text(),
            "reply_settings": Text(words=frozenset(REPLIES)),
            "made_with_ai": Flag(),
            "paid_partnership": Flag(),
            "nullcast": Flag(),
            "for_super_followers_only": Flag(),
            "quote_tweet_id": NUMBER,
            "media": Thing(
                {"media_ids": Many(NUMBER, 1, 4), "tagged_user_ids": Many(NUMBER, 0, 10)}, _needs("media_ids")
            ),
        }
    ),
)
DELETE_POST = Operation(
    "DELETE",
    rf"/2/tweets/(?P<id>{IDENT})",
    _needs("users.read", "tweet.read", "tweet.write"),
    200,
    _data(Thing({"deleted": Flag()}, _needs("deleted"))),
)
ME = Operation(
    "GET",
    "/2/users/me",
    _needs("users.read", "tweet.read"),
    200,
    _data(Thing({"id": NUMBER, "name": Text(), "username": Text()}, is_open=True)),
)
TIMELINE = Operation(
    "GET",
    rf"/2/users/(?P<id>{IDENT})/tweets",
    _needs("tweet.read", "users.read"),
    200,
    Thing({"data": Many(POST), "meta": Thing({"result_count": Whole(0, 100)}, is_open=True)}, is_open=True),
    query={
        "max_results": Text(r"[5-9]|[1-9][0-9]|100"),
        "pagination_token": Text(r".+"),
        "start_time": Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        "end_time": Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        "since_id": NUMBER,
        "until_id": NUMBER,
        "exclude": Text(r"(replies|retweets)(,(replies|retweets))?"),
    },
)
INITIALIZE = Operation(
    "POST",
    "/2/media/upload/initialize",
    _needs("media.write"),
    200,
    _data(UPLOADED),
    body=Thing(
        {
            "media_type": Text(words=MEDIA_TYPES),
            "media_category": Text(words=CATEGORIES),
            "total_bytes": Whole(0, 17_179_869_184),
            "additional_owners": Many(NUMBER),
            "shared": Flag(),
        }
    ),
)
APPEND = Operation(
    "POST",
    rf"/2/media/upload/(?P<id>{IDENT})/append",
    _needs("media.write"),
    200,
    _data(Thing({"expires_at": Whole(0, 10**11)})),
    body=Thing({"segment_index": Text(r"[0-9]{1,3}"), "media": Text()}, _needs("media", "segment_index")),
    is_form=True,
)
FINALIZE = Operation(
    "POST", rf"/2/media/upload/(?P<id>{IDENT})/finalize", _needs("media.write"), 200, _data(UPLOADED)
)
STATUS = Operation(
    "GET",
    "/2/media/upload",
    _needs("media.write"),
    200,
    _data(UPLOADED),
    query={"media_id": NUMBER, "command": Text(words=frozenset({"STATUS"}))},
    needs=_needs("media_id"),
)
DESCRIBE = Operation(
    "POST",
    "/2/media/metadata",
    _needs("media.write"),
    200,
    _data(Thing({"id": Text()}, _needs("id"), is_open=True)),
    body=Thing(
        {
            "id": NUMBER,
            "metadata": Thing({"alt_text": Thing({"text": Text(most=1000)}, _needs("text"))}, is_open=True),
        },
        _needs("id"),
    ),
)
OPERATIONS = (
    CREATE_POST, DELETE_POST, ME, TIMELINE, INITIALIZE, APPEND, FINALIZE, STATUS, DESCRIBE,
)  # fmt: skip
PROBLEM = Thing(
    {"type": Text(), "title": Text(), "detail": Text(), "status": Whole(400, 599)}, _needs("title")
)
