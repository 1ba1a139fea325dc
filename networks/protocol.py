"""The protocol that every network's adapter fulfils, and the values that pass through it.

What is approved is what is sent: `render` turns a variant into the final payload once, at submission; `prepare`
and `publish` only encode that payload. `prepare` may be repeated at will; `publish` makes exactly one mutating
call that can have a visible effect; `reconcile` asks the network what became of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.utils.functional import Promise

if TYPE_CHECKING:
    from core.http import OutboundClient


class Capability(StrEnum):
    """How an unknown outcome can be settled (docs/delivery-guarantees.md)."""

    KEY = "K"
    DETERMINISTIC = "D"
    SESSION = "S"
    FINDABLE = "F"
    NEITHER = "N"
    HAND = "H"
    """No machine posts it: a person does, at its time, and says where it is live."""


class Counting(StrEnum):
    """What a network counts when it limits the length of a text."""

    CHARACTERS = "characters"
    GRAPHEMES = "graphemes"
    MASTODON = "mastodon"
    UTF16 = "utf16"
    WEIGHTED = "weighted"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one channel allows. Sizes in bytes, durations in seconds."""

    text_max: int
    counting: Counting
    media_max: int
    image_bytes: int
    video_bytes: int = 0
    video_seconds: int = 0
    alt_max: int = 1500
    url_length: int | None = None
    caption_max: int = 0
    """How long a text beside files may be; 0 where that is no less than a text alone."""
    options: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the limits as the API and the composer show them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing that somebody must give to connect a channel."""

    name: str
    label: str | Promise
    is_secret: bool = False
    is_optional: bool = False
    default: str = ""
    help: str | Promise = ""


@dataclass(frozen=True, slots=True)
class OptionField:
    """One thing beyond text and media that a variant for this network may say."""

    name: str
    label: str | Promise
    choices: tuple[tuple[str, str | Promise], ...] = ()
    """Value and word of each choice; empty for free text and flags."""
    is_flag: bool = False
    text_max: int = 0


class MediaFile(Protocol):
    """What rendering reads of a stored file; `files.models.Media` fulfils it."""

    @property
    def pk(self) -> Any: ...

    kind: Any
    mime: str
    digest: str
    bytes: int
    width: int | None
    height: int | None
    duration_ms: int | None
    alt: str


@dataclass(frozen=True, slots=True)
class Connected:
    """What a network told about an account when it was connected."""

    handle: str
    remote_account_id: str
    name: str
    capability: Capability
    limits: Limits
    facts: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    login_ends_at: datetime | None = None
    """When the credentials stop working for good, where the network or the token itself says so."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A variant as written: what `render` starts from."""

    text: str
    media: tuple[MediaFile, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a variant that the network would refuse, or that a reader would miss."""

    code: str
    message: str
    is_blocking: bool = True


@dataclass(frozen=True, slots=True)
class Rendered:
    """The final payload (plain JSON, media by id and digest) with what is wrong with it and how long it is."""

    payload: Mapping[str, Any]
    problems: tuple[Problem, ...]
    length: int


@dataclass(frozen=True)
class Call:
    """All that an adapter needs to speak for one channel: facts, opened credentials, the outbound client, files."""

    workspace_id: UUID
    channel_id: UUID
    facts: Mapping[str, Any]
    limits: Mapping[str, Any]
    credentials: Mapping[str, str] = field(repr=False)
    http: "OutboundClient"
    open_media: "OpenMedia"
    refresh: "RefreshCredentials"
    app: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The workspace's app at the network (client_id, client_secret), where people log in with their browser."""


class OpenMedia(Protocol):
    """Returns the stored file of a payload's media entry, after comparing its digest."""

    def __call__(self, entry: Mapping[str, Any]) -> Path: ...


class RefreshCredentials(Protocol):
    """Trades credentials that no longer work for new ones, once, however many workers ask at the same time.

    `known` are those that did not work; `exchange` asks the network and returns the fields that changed. Returned
    are those that stand afterwards, which may be another worker's newer ones. What `exchange` raises is passed on.
    """

    def __call__(
        self, known: Mapping[str, str], exchange: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]: ...


class OutcomeKind(StrEnum):
    """What is known after a mutating call."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RATE_LIMITED = "rate_limited"
    NOT_SENT = "not_sent"
    NEEDS_LOGIN = "needs_login"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Quota:
    """How many calls of a window the network still takes, as it said itself with its last answer."""

    left: int
    most: int
    resets_at: datetime | None = None

    @property
    def is_low(self) -> bool:
        """Tell whether at most a tenth is left."""
        return self.left * 10 <= self.most


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one mutating call; REJECTED and NEEDS_LOGIN only for allow-listed, definitive answers."""

    kind: OutcomeKind
    remote_id: str = ""
    remote_url: str = ""
    http_status: int | None = None
    retry_after_seconds: int | None = None
    """How long the channel is left alone; also with an acceptance, where the network takes no more for now."""
    reason: str = ""
    prepare_again: bool = False
    """What `prepare` returned no longer holds (an uploaded file is gone): it must run again before the next try."""
    quota: Quota | None = None


class Finding(StrEnum):
    """What the network says of an earlier call."""

    LIVE = "live"
    NOT_LIVE = "not_live"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The answer to: is it live?"""

    finding: Finding
    remote_id: str = ""
    remote_url: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one channel may be published to: one call every so many seconds, `burst` of them at once."""

    every_seconds: float
    burst: int


class PrepareFailed(Exception):
    """Preparing did not succeed; nothing can be live. The outcome says why and whether to try again."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class Adapter(Protocol):
    """One network. Stateless; every method may be called from any process."""

    @property
    def kind(self) -> str: ...

    @property
    def label(self) -> str | Promise: ...

    @property
    def credential_fields(self) -> Sequence[CredentialField]: ...

    @property
    def connect_steps(self) -> Sequence[str | Promise]:
        """What an admin does before connecting, one sentence a step; empty where the fields say it all."""
        ...

    @property
    def option_fields(self) -> Sequence[OptionField]: ...

    @property
    def call_seconds(self) -> float:
        """Total deadline of `publish`, in seconds."""
        ...

    @property
    def settle_seconds(self) -> float:
        """How long after a lost answer the network may still be working on the call, in seconds."""
        ...

    @property
    def resend_seconds(self) -> float:
        """How long after the first call the same idempotency key may be sent again (class K), in seconds; else 0."""
        ...

    @property
    def pace(self) -> Pace | None:
        """How often one channel may be published to, where the network says; calls beyond it wait unclaimed."""
        ...

    def connect(self, http: "OutboundClient", credentials: Mapping[str, str]) -> Connected:
        """Check credentials against the network. Raises: Invalid with a sentence per field."""
        ...

    def render(self, draft: Draft, limits: Mapping[str, Any], facts: Mapping[str, Any]) -> Rendered:
        """Turn a variant into its final payload; pure."""
        ...

    def mint_key(self, delivery_id: UUID) -> str:
        """Return the id under which this delivery will be live, where the network lets us choose, else ''."""
        ...

    def prepare(self, call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Do all that can be done before the visible call; return JSON to keep. Raises: PrepareFailed."""
        ...

    def publish(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Outcome:
        """Make the one visible call."""
        ...

    def reconcile(
        self,
        call: Call,
        payload: Mapping[str, Any],
        prepared: Mapping[str, Any],
        *,
        remote_key: str,
        idem_key: str,
    ) -> Reconciled:
        """Ask the network whether the call took effect; never changes anything."""
        ...

    def delete(self, call: Call, remote_id: str) -> Outcome:
        """Take a live item down."""
        ...
