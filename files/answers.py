"""What the API answers of files, as the OpenAPI document describes it."""

from rest_framework.serializers import CharField, DateTimeField, IntegerField, UUIDField

from teams.openapi import shape

MediaOutput = shape(
    "MediaOutput",
    id=UUIDField(),
    kind=CharField(),
    status=CharField(),
    failure=CharField(allow_null=True),
    name=CharField(),
    mime=CharField(),
    digest=CharField(allow_null=True),
    width=IntegerField(allow_null=True),
    height=IntegerField(allow_null=True),
    duration_ms=IntegerField(allow_null=True),
    bytes=IntegerField(allow_null=True),
    alt=CharField(),
    url=CharField(allow_null=True),
    thumbnail_url=CharField(allow_null=True),
    created_at=DateTimeField(),
)
