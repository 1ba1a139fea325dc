"""Where comments lie: with the thing they are about."""

from collections.abc import Sequence

from django.db.models import Q

from comments.models import Comment
from core.errors import NotFound
from teams.actors import Actor, Bounds
from teams.places import places_of, subjects_within
from teams.subjects import load_subject


def places_of_comment(comment: Comment) -> Sequence[frozenset[str]]:
    """Return the scopes of what a comment is about: itself, and where it lies."""
    itself = frozenset({str(comment.ref)})
    try:
        return (itself, *places_of(load_subject(Actor.system(comment.workspace_id), comment.ref)))
    except NotFound:
        return (itself,)


def comments_within(scopes: frozenset[str]) -> Q:
    """Return the condition on comments about something that lies within scopes."""
    return subjects_within(Bounds(only=scopes))
