"""What changed between the pictures of two revisions: added, taken out, replaced, described anew, put in order anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from files.models import Media

ADDED, GONE, REPLACED, DESCRIBED, MOVED = "added", "gone", "replaced", "described", "moved"


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture or video of a revision: which file, what the revision says of it for who cannot see it."""

    key: str
    alt: str = ""
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class PictureChange:
    """What became of one picture; `moved` is about all of them and names none."""

    kind: str
    before: Pictured | None = None
    after: Pictured | None = None


@dataclass(frozen=True, slots=True)
class PicturesOf:
    """What became of the pictures of some variants."""

    name: str
    changes: tuple[PictureChange, ...]


Pictures = Mapping[str, Sequence[Pictured]]


def pictures_between(before: Pictures, after: Pictures) -> list[PicturesOf]:
    """Return the variants whose pictures differ; those that changed in the same way stand together."""
    together: dict[tuple[PictureChange, ...], list[str]] = {}
    for name in [*after, *(name for name in before if name not in after)]:
        changes = tuple(picture_changes(before.get(name, ()), after.get(name, ())))
        if changes:
            together.setdefault(changes, []).append(name)
    return [PicturesOf(", ".join(names), changes) for changes, names in together.items()]


def picture_changes(before: Sequence[Pictured], after: Sequence[Pictured]) -> list[PictureChange]:
    """Return what leads from some pictures to others, in the order of what stands.

    What came in the place of what went counts as replaced; all else that came or went is added or gone.
    """
    was, now = {one.key: one for one in before}, {one.key: one for one in after}
    gone = {index: one for index, one in enumerate(before) if one.key not in now}
    found: list[PictureChange] = []
    for index, one in enumerate(after):
        old = was.get(one.key)
        if old is None:
            left = gone.pop(index, None)
            found.append(PictureChange(REPLACED if left else ADDED, left, one))
        elif old.alt != one.alt:
            found.append(PictureChange(DESCRIBED, old, one))
    found += [PictureChange(GONE, one) for one in gone.values()]
    kept_before = [one.key for one in before if one.key in now]
    kept_after = [one.key for one in after if one.key in was]
    return [*found, PictureChange(MOVED)] if kept_before != kept_after else found
