"""How comments look to programs."""

from typing import Any

from rest_framework import serializers

from comments.anchors import TEXT, Place, placed
from comments.models import Comment
from comments.ports import keeper
from comments.registry import Body


class CommentWrite(serializers.Serializer):
    """A comment to add."""

    body = serializers.CharField(trim_whitespace=False, allow_blank=True)
    anchor = serializers.DictField(required=False, allow_null=True)
    suggestion = serializers.CharField(
        trim_whitespace=False,
        required=False,
        allow_null=True,
        help_text="Other words for those of the anchor.",
    )
    internal = serializers.BooleanField(required=False, default=False)
    parent = serializers.UUIDField(required=False, allow_null=True)


class AttachmentWrite(serializers.Serializer):
    """A picture or video to put to a comment."""

    file = serializers.FileField()


class CommentChange(serializers.Serializer):
    """What can be changed of a comment."""

    body = serializers.CharField(trim_whitespace=False, allow_blank=True, required=False)
    resolved = serializers.BooleanField(required=False)
    accepted = serializers.BooleanField(
        required=False, help_text="True takes the suggestion over; needs `revision`."
    )
    revision = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=999_999_999,
        help_text="The number of the revision that was read.",
    )


def comment_json(comment: Comment, about: Body) -> dict[str, Any]:
    """Return a comment as the API gives it; `about` is what stands of its subject now."""
    place = placed(comment.anchor, about)
    covered = comment.on_behalf_of
    person = comment.member or comment.guest
    return {
        "id": str(comment.pk),
        "parent": str(comment.parent_id) if comment.parent_id else None,
        "body": comment.body,
        "anchor": comment.anchor,
        "place": _place_json(place) if place else None,
        "suggestion": comment.suggestion,
        "accepted_at": comment.accepted_at,
        "accepted_revision": comment.accepted_number,
        "internal": comment.is_internal,
        "revision": str(comment.revision_id) if comment.revision_id else None,
        "author": {"id": str(person.pk), "name": str(person)} if person else None,
        "for": {"id": str(covered.pk), "name": covered.user.name} if covered else None,
        "mentions": [
            {"id": str(row.member_id), "name": row.member.user.name} for row in comment.mentions.all()
        ],
        "attachments": attachments_json(comment),
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "resolved_at": comment.resolved_at,
    }


def attachments_json(comment: Comment) -> list[dict[str, Any]]:
    """Return the pictures and videos of a comment as the API gives them."""
    return [dict(keeper.impl.as_json(row.media)) for row in comment.attachments.all()]


def _place_json(place: Place) -> dict[str, Any]:
    """Return where an anchor is in what stands now."""
    is_text = place.kind == TEXT
    return {
        "gone": place.is_gone,
        "part": place.part or None,
        "start": place.start if is_text and not place.is_gone else None,
        "end": place.end if is_text and not place.is_gone else None,
    }
