"""How comments look to programs."""

from typing import Any

from rest_framework import serializers

from comments.models import Comment


class CommentWrite(serializers.Serializer):
    """A comment to add."""

    body = serializers.CharField(trim_whitespace=False, allow_blank=True)
    anchor = serializers.DictField(required=False, allow_null=True)
    internal = serializers.BooleanField(required=False, default=False)
    parent = serializers.UUIDField(required=False, allow_null=True)


class CommentChange(serializers.Serializer):
    """What can be changed of a comment."""

    body = serializers.CharField(trim_whitespace=False, allow_blank=True, required=False)
    resolved = serializers.BooleanField(required=False)


def comment_json(comment: Comment) -> dict[str, Any]:
    """Return a comment as the API gives it."""
    covered = comment.on_behalf_of
    person = comment.member or comment.guest
    return {
        "id": str(comment.pk),
        "parent": str(comment.parent_id) if comment.parent_id else None,
        "body": comment.body,
        "anchor": comment.anchor,
        "internal": comment.is_internal,
        "revision": str(comment.revision_id) if comment.revision_id else None,
        "author": {"id": str(person.pk), "name": str(person)} if person else None,
        "for": {"id": str(covered.pk), "name": covered.user.name} if covered else None,
        "mentions": [
            {"id": str(row.member_id), "name": row.member.user.name} for row in comment.mentions.all()
        ],
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
        "resolved_at": comment.resolved_at,
    }
