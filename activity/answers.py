"""What the API answers of the record, as the OpenAPI document describes it."""

from rest_framework.serializers import CharField, DateTimeField, DictField, UUIDField

from teams.answers import Person
from teams.openapi import shape

EntryBy = shape("EntryBy", kind=CharField(), member=UUIDField(allow_null=True), name=CharField())
EntrySubject = shape("EntrySubject", type=CharField(), id=UUIDField())
EntryOutput = shape(
    "EntryOutput",
    id=CharField(),
    at=DateTimeField(),
    verb=CharField(),
    by=EntryBy(),
    **{"for": Person(allow_null=True)},
    subject=EntrySubject(),
    facts=DictField(),
)
