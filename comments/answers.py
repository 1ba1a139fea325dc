"""What the API answers of comments, as the OpenAPI document describes it."""

from rest_framework.serializers import (
    BooleanField,
    CharField,
    DateTimeField,
    DictField,
    IntegerField,
    UUIDField,
)

from teams.answers import Person
from teams.openapi import shape

PlaceOutput = shape(
    "PlaceOutput",
    gone=BooleanField(help_text="Whether the words, or the picture, are not there any more."),
    part=CharField(allow_null=True),
    start=IntegerField(allow_null=True),
    end=IntegerField(allow_null=True),
)
AttachmentOutput = shape(
    "AttachmentOutput",
    id=UUIDField(),
    kind=CharField(),
    status=CharField(),
    failure=CharField(allow_null=True),
    name=CharField(),
    mime=CharField(),
    bytes=IntegerField(allow_null=True),
    thumbnail_url=CharField(allow_null=True),
    url=CharField(allow_null=True, help_text="Where it is downloaded, for 12 to 24 hours, once it is ready."),
)
CommentOutput = shape(
    "CommentOutput",
    id=UUIDField(),
    parent=UUIDField(allow_null=True),
    body=CharField(),
    anchor=DictField(allow_null=True),
    place=PlaceOutput(allow_null=True),
    suggestion=CharField(allow_null=True),
    accepted_at=DateTimeField(allow_null=True),
    accepted_revision=IntegerField(allow_null=True),
    internal=BooleanField(),
    revision=UUIDField(allow_null=True),
    author=Person(allow_null=True),
    **{"for": Person(allow_null=True)},
    mentions=Person(many=True),
    attachments=AttachmentOutput(many=True),
    created_at=DateTimeField(),
    edited_at=DateTimeField(allow_null=True),
    resolved_at=DateTimeField(allow_null=True),
)
