"""What the API answers of own work, as the OpenAPI document describes it."""

from rest_framework.serializers import CharField, DateTimeField, URLField, UUIDField

from teams.openapi import shape

WorkSubject = shape("WorkSubject", type=CharField(), id=UUIDField())
WorkOutput = shape(
    "WorkOutput",
    kind=CharField(),
    title=CharField(),
    why=CharField(),
    url=URLField(),
    due_at=DateTimeField(allow_null=True),
    since=DateTimeField(allow_null=True),
    **{"for": CharField(allow_null=True)},
    subject=WorkSubject(allow_null=True),
    group=CharField(),
)
