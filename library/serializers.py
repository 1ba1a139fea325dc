"""Assets as the API takes and shows them."""

from typing import Any

from rest_framework import serializers

from approvals.pieces import PieceState
from files.answers import MediaOutput
from files.serializers import media
from library.models import Asset, AssetRevision
from teams.openapi import shape


class DescriptionBody(serializers.Serializer[Any]):
    """A description."""

    alt = serializers.CharField(allow_blank=True, max_length=1500)


class FileBody(serializers.Serializer[Any]):
    """A file that takes the place of the one that stands."""

    file = serializers.FileField()


class SubmissionBody(serializers.Serializer[Any]):
    """What goes with a submission."""

    workflow = serializers.UUIDField(required=False, allow_null=True, default=None)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000, default="")


VersionBy = shape(
    "AssetVersionBy",
    kind=serializers.CharField(),
    member=serializers.UUIDField(allow_null=True),
    **{"for": serializers.UUIDField(allow_null=True)},
)
VersionOutput = shape(
    "AssetVersionOutput",
    id=serializers.UUIDField(help_text="What a decision on it names."),
    number=serializers.IntegerField(),
    media=MediaOutput(),
    alt=serializers.CharField(),
    content_hash=serializers.CharField(),
    by=VersionBy(),
    created_at=serializers.DateTimeField(),
)
AssetOutput = shape(
    "AssetOutput",
    media=serializers.UUIDField(),
    state=serializers.ChoiceField(PieceState.choices),
    version=VersionOutput(allow_null=True),
    coming=serializers.UUIDField(
        allow_null=True, help_text="A file that takes its place once it is prepared."
    ),
    updated_at=serializers.DateTimeField(),
)


def version_json(row: AssetRevision) -> dict[str, Any]:
    """Return a version."""
    return {
        "id": str(row.pk),
        "number": row.number,
        "media": media(row.media),
        "alt": row.alt,
        "content_hash": row.content_hash,
        "by": {
            "kind": row.actor_kind,
            "member": str(row.created_by_id) if row.created_by_id else None,
            "for": str(row.on_behalf_of) if row.on_behalf_of else None,
        },
        "created_at": row.created_at,
    }


def asset_json(row: Asset, stands: AssetRevision | None) -> dict[str, Any]:
    """Return an asset with the version that stands."""
    return {
        "media": str(row.pk),
        "state": row.state,
        "version": version_json(stands) if stands else None,
        "coming": str(row.coming_id) if row.coming_id else None,
        "updated_at": row.updated_at,
    }
