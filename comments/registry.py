"""What comments can be anchored to: upper apps say which texts, pictures and videos a thing of theirs has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.refs import Ref
from core.registry import Registry
from teams.actors import Actor


@dataclass(frozen=True, slots=True)
class Part:
    """A text of a thing: a key that stays, a label for people, and the words."""

    key: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture or video of a thing."""

    key: str
    label: str
    is_video: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """What of a thing can be pointed at."""

    parts: Sequence[Part] = ()
    pictures: Sequence[Picture] = ()

    @property
    def has_video(self) -> bool:
        """Tell whether one of the pictures moves."""
        return any(picture.is_video for picture in self.pictures)


@dataclass(frozen=True, slots=True)
class Replacement:
    """Other words for a stretch of a text: what stands there, where, and what is to stand there."""

    part: str
    start: int
    end: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Anchorable:
    """A kind of thing that comments can be anchored to.

    `body(actor, ref, revision_id)` gives what the actor may see of a revision, None of what stands;
    `number(ref)` is the number of the revision that stands.
    `replace(actor, ref, replacement, expected)` puts other words in by the thing's own edit service, where the
    revision with the number `expected` still stands, and returns the number of the new one.
    `against_suggesting(actor, ref)` is why the actor may suggest no other words now, "" where he may.
    """

    type: str
    body: Callable[[Actor, Ref, UUID | None], Body]
    replace: Callable[[Actor, Ref, Replacement, int], int] | None = None
    number: Callable[[Ref], int | None] | None = None
    against_suggesting: Callable[[Actor, Ref], str] | None = None


anchorables: Registry[Anchorable] = Registry("comments.registry.anchorables")


def register_anchorable(anchorable: Anchorable) -> None:
    """Add a kind of thing, at start."""
    anchorables.register(anchorable.type, anchorable)


def body_of(actor: Actor, ref: Ref, revision_id: UUID | None) -> Body:
    """Return what of a thing can be pointed at; nothing where its app does not say."""
    known = anchorables.find(ref.type)
    return known.body(actor, ref, revision_id) if known else Body()


def against_suggesting(actor: Actor, ref: Ref) -> str:
    """Return why the actor may suggest no other words, "" where he may."""
    known = anchorables.find(ref.type)
    return known.against_suggesting(actor, ref) if known and known.against_suggesting else ""


def number_of(ref: Ref) -> int | None:
    """Return the number of the revision that stands, None where the thing has none."""
    known = anchorables.find(ref.type)
    return known.number(ref) if known and known.number else None


def parts_by_key(body: Body) -> Mapping[str, Part]:
    """Return the texts by their keys."""
    return {part.key: part for part in body.parts}
