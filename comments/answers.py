"""What the API answers of comments, as the OpenAPI document describes it."""

from rest_framework.serializers import BooleanField, CharField, DateTimeField, DictField, UUIDField

from teams.answers import Person
from teams.openapi import shape

CommentOutput = shape(
    "CommentOutput",
    id=UUIDField(),
    parent=UUIDField(allow_null=True),
    body=CharField(),
    anchor=DictField(allow_null=True),
    internal=BooleanField(),
    revision=UUIDField(allow_null=True),
    author=Person(allow_null=True),
    **{"for": Person(allow_null=True)},
    mentions=Person(many=True),
    created_at=DateTimeField(),
    edited_at=DateTimeField(allow_null=True),
    resolved_at=DateTimeField(allow_null=True),
)
