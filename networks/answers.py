"""What the API answers of kinds of networks, as the OpenAPI document describes it."""

from rest_framework.serializers import BooleanField, CharField, DictField, ListField

from teams.openapi import shape

CredentialOutput = shape(
    "CredentialOutput",
    name=CharField(),
    label=CharField(),
    secret=BooleanField(),
    optional=BooleanField(),
    default=CharField(),
)
OptionOutput = shape(
    "OptionOutput",
    name=CharField(),
    label=CharField(),
    flag=BooleanField(),
    choices=ListField(child=DictField(child=CharField())),
)
NetworkOutput = shape(
    "NetworkOutput",
    network=CharField(),
    label=CharField(),
    connectable=BooleanField(),
    credentials=CredentialOutput(many=True),
    options=OptionOutput(many=True),
)
